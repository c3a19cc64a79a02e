// Reads what people paste for recipients: numbers with commas, semicolons or lines between them, or a
// CSV file, of which the column with the most numbers counts.
import { t } from "../strings.js";
import { readNumber } from "./number.js";

/**
 * The rows of a CSV text: commas, semicolons or tabs, quotes around cells. Each row has the number of
 * the line that it begins on.
 */
export function csvRows(text) {
    const first = text.split(/\r?\n/, 1)[0];
    const separator = [";", "\t", ","].map((mark) => [mark, first.split(mark).length]).sort((a, b) => b[1] - a[1])[0][0];
    const rows = [];
    let row = [];
    let cell = "";
    let quoted = false;
    let line = 1;
    let start = 1;
    const endRow = () => {
        row.push(cell);
        if (row.some((value) => value.trim())) rows.push({ line: start, cells: row });
        row = [];
        cell = "";
        start = line;
    };
    const characters = text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
    for (let at = 0; at < characters.length; at += 1) {
        const character = characters[at];
        if (character === "\n") line += 1;
        if (quoted) {
            if (character !== "\"") cell += character;
            else if (characters[at + 1] === "\"") {
                cell += "\"";
                at += 1;
            } else quoted = false;
        } else if (character === "\"" && !cell) quoted = true;
        else if (character === separator) {
            row.push(cell);
            cell = "";
        } else if (character === "\n") endRow();
        else cell += character;
    }
    endRow();
    return rows;
}

/** The entries of a CSV file: [{line, text}], of the column that holds the most numbers. */
export function csvEntries(text) {
    const rows = csvRows(text);
    const width = Math.max(0, ...rows.map((row) => row.cells.length));
    let best = 0;
    let most = -1;
    for (let column = 0; column < width; column += 1) {
        const hits = rows.filter((row) => readNumber(row.cells[column] ?? "").number).length;
        if (hits > most) [best, most] = [column, hits];
    }
    const entries = rows.map((row) => ({ line: row.line, text: (row.cells[best] ?? "").trim() }));
    // A header line: letters, and no number.
    if (entries.length > 1 && /\p{L}/u.test(entries[0].text) && !/[0-9]{4}/.test(entries[0].text)) entries.shift();
    return entries;
}

/** The entries of a pasted text. */
export function pastedEntries(text) {
    return text.split(/\r?\n/).flatMap((line, index) =>
        line.split(/[,;\t]/).map((part) => ({ line: index + 1, text: part.trim() })).filter((entry) => entry.text));
}

/** {numbers, problems: [{line, text, problem}], repeated}: what will be sent, and what is wrong where. */
export function readRecipients(entries) {
    const numbers = [];
    const seen = new Set();
    const problems = [];
    let repeated = 0;
    for (const { line, text } of entries) {
        if (!text) continue;
        const { number, problem } = readNumber(text);
        if (problem) problems.push({ line, text, problem });
        else if (seen.has(number)) repeated += 1;
        else {
            seen.add(number);
            numbers.push(number);
        }
    }
    return { numbers, problems, repeated };
}

/** How a reading went, in one sentence. */
export function summary({ numbers, problems, repeated }) {
    return [t.send.recipients(numbers.length), repeated ? t.send.repeated(repeated) : null,
        problems.length ? t.send.wrongOnes(problems.length) : null].filter(Boolean).join(" · ");
}
