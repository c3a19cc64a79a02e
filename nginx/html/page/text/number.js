// Reads a phone number as people write it; the same rules as the server's
// Sources/Domain/Values/PhoneNumber.swift and CountryCode.swift, which have the last word.
import { t } from "../strings.js";

const LEAST = 7;
const MOST = 15;
const SEPARATOR = /[\s\p{Dash}\u00ad\u2043\u30fb\uff65\u200b-\u200d\u2060\ufeff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069./]/u;
// Country codes of one and of two digits; all others have three.
const SHORT = /^(?:1|7|20|27|3[0-4]|36|39|4[01]|4[3-9]|5[1-8]|6[0-6]|8[12]|84|86|9[0-5]|98)/;
// The beginnings of numbers that have a 0 behind their country code from abroad, too.
const LEADING_ZERO = ["390", "470", "2250", "2260", "2270", "2290", "2410", "2420", "2470", "25006", "2670",
    "2680", "3780", "3790", "5010", "5070", "6760", "6790", "6870", "8000", "8530", "8810", "8880", "9740", "9920"];

/** The country code that digits begin with. */
export function countryCode(digits) {
    return digits.match(SHORT)?.[0] ?? digits.slice(0, 3);
}

/** {number} in E.164, or {problem} in words. */
export function readNumber(text) {
    let digits = "";
    let plus = false;
    let opened = null;
    let place = 0;
    const zeros = [];
    for (const character of text) {
        place += 1;
        if (character >= "0" && character <= "9") {
            digits += character;
            if (digits.length > MOST + 2) return { problem: t.number.tooLong };
        } else if (character === "+") {
            if (plus || digits) return { problem: t.number.plus(place) };
            plus = true;
        } else if (character === "(") {
            opened = digits.length;
        } else if (character === ")") {
            if (opened && digits.slice(opened) === "0") zeros.push(opened);
            opened = null;
        } else if (!SEPARATOR.test(character)) {
            return { problem: t.number.strange(character, place) };
        }
    }
    const skipped = !plus && digits.startsWith("00") ? 2 : 0;
    digits = digits.slice(skipped);
    if (!digits) return { problem: t.number.noDigits };
    if (digits.startsWith("0")) return { problem: plus || skipped ? t.number.zeroCode : t.number.noCode };
    const code = countryCode(digits);
    if (digits[code.length] === "0" && !LEADING_ZERO.some((beginning) => digits.startsWith(beginning))) {
        return { problem: t.number.nationalZero(code) };
    }
    if (zeros.some((at) => at - skipped !== code.length)) return { problem: t.number.zeroInParentheses };
    if (digits.length < LEAST) return { problem: t.number.tooShort };
    if (digits.length > MOST) return { problem: t.number.tooLong };
    return { number: `+${digits}` };
}

/** A number in groups, for reading: "+44 770 090 0123". */
export function spaced(number) {
    if (!/^\+[0-9]+$/.test(number ?? "")) return number;
    const code = countryCode(number.slice(1));
    const rest = number.slice(1 + code.length);
    // Groups of three, the last ones of four where that comes out even.
    const fours = rest.length < 7 ? 0 : rest.length % 3;
    const groups = rest.slice(0, rest.length - 4 * fours).match(/.{1,3}/g) ?? [];
    for (let at = rest.length - 4 * fours; at < rest.length; at += 4) groups.push(rest.slice(at, at + 4));
    return `+${code} ${groups.join(" ")}`;
}
