// QR codes: bytes, error correction M, versions 1 to 10 (up to 213 bytes). Source: ISO/IEC 18004.
import { remainder } from "./reed-solomon.js";

// For each version: error correction words in a block, then [blocks, data words in each] once or twice.
const BLOCKS = [
    [10, [1, 16]], [16, [1, 28]], [26, [1, 44]], [18, [2, 32]], [24, [2, 43]],
    [16, [4, 27]], [18, [4, 31]], [22, [2, 38], [2, 39]], [22, [3, 36], [2, 37]], [26, [4, 43], [1, 44]],
];
// Where the centres of the small squares are, besides row and column 6.
const ALIGNMENT = [[], [18], [22], [26], [30], [34], [22, 38], [24, 42], [26, 46], [28, 50]];

const MASKS = [
    (row, column) => (row + column) % 2 === 0,
    (row) => row % 2 === 0,
    (row, column) => column % 3 === 0,
    (row, column) => (row + column) % 3 === 0,
    (row, column) => (Math.floor(row / 2) + Math.floor(column / 3)) % 2 === 0,
    (row, column) => ((row * column) % 2) + ((row * column) % 3) === 0,
    (row, column) => (((row * column) % 2) + ((row * column) % 3)) % 2 === 0,
    (row, column) => (((row + column) % 2) + ((row * column) % 3)) % 2 === 0,
];

/** The rows of the code of a text, each a list of booleans, true for dark; without the quiet zone. */
export function qrCode(text) {
    const bytes = new TextEncoder().encode(text);
    const version = BLOCKS.findIndex((_, index) => bytes.length + (index < 9 ? 2 : 3) <= dataWords(index)) + 1;
    if (version === 0) throw new RangeError("the text is too long for a QR code of version 10");
    const words = interleaved(encoded(bytes, version), version);
    let best = null;
    for (let mask = 0; mask < 8; mask += 1) {
        const matrix = drawn(words, version, mask);
        const cost = penalty(matrix);
        if (!best || cost < best.cost) best = { matrix, cost };
    }
    return best.matrix;
}

const dataWords = (index) => BLOCKS[index].slice(1).reduce((sum, [blocks, words]) => sum + blocks * words, 0);

/** Mode, length, bytes and padding as words of eight bits. */
function encoded(bytes, version) {
    const bits = [];
    const push = (value, length) => {
        for (let bit = length - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1);
    };
    push(0b0100, 4);
    push(bytes.length, version < 10 ? 8 : 16);
    for (const byte of bytes) push(byte, 8);
    const capacity = dataWords(version - 1) * 8;
    push(0, Math.min(4, capacity - bits.length));
    while (bits.length % 8) bits.push(0);
    const words = [];
    for (let at = 0; at < bits.length; at += 8) words.push(parseInt(bits.slice(at, at + 8).join(""), 2));
    for (let pad = 0xec; words.length < capacity / 8; pad ^= 0xfd) words.push(pad);
    return words;
}

/** The words of all blocks, in turns, and then those of the error correction. */
function interleaved(words, version) {
    const [correction, ...groups] = BLOCKS[version - 1];
    const blocks = [];
    let at = 0;
    for (const [number, length] of groups) {
        for (let block = 0; block < number; block += 1) {
            blocks.push(words.slice(at, at + length));
            at += length;
        }
    }
    const checks = blocks.map((block) => remainder(block, correction));
    const result = [];
    const longest = Math.max(...blocks.map((block) => block.length));
    for (let index = 0; index < longest; index += 1) {
        for (const block of blocks) if (index < block.length) result.push(block[index]);
    }
    for (let index = 0; index < correction; index += 1) for (const check of checks) result.push(check[index]);
    return result;
}

function drawn(words, version, mask) {
    const size = 17 + 4 * version;
    const dark = Array.from({ length: size }, () => new Array(size).fill(false));
    const taken = Array.from({ length: size }, () => new Array(size).fill(false));
    const set = (row, column, value) => {
        if (row < 0 || column < 0 || row >= size || column >= size) return;
        dark[row][column] = Boolean(value);
        taken[row][column] = true;
    };
    for (let index = 8; index < size - 8; index += 1) {
        set(6, index, index % 2 === 0);
        set(index, 6, index % 2 === 0);
    }
    for (const [row, column] of [[3, 3], [3, size - 4], [size - 4, 3]]) {
        for (let y = -4; y <= 4; y += 1) {
            for (let x = -4; x <= 4; x += 1) {
                const ring = Math.max(Math.abs(x), Math.abs(y));
                set(row + y, column + x, ring !== 2 && ring !== 4);
            }
        }
    }
    const centres = version > 1 ? [6, ...ALIGNMENT[version - 1]] : [];
    const last = centres.length - 1;
    centres.forEach((row, i) => centres.forEach((column, j) => {
        if ((i === 0 && (j === 0 || j === last)) || (i === last && j === 0)) return;
        for (let y = -2; y <= 2; y += 1) {
            for (let x = -2; x <= 2; x += 1) set(row + y, column + x, Math.max(Math.abs(x), Math.abs(y)) !== 1);
        }
    }));
    drawFormat(set, size, mask);
    if (version >= 7) drawVersion(set, size, version);
    place(words, dark, taken, mask);
    return dark;
}

/** A number with the check bits of a BCH code behind it. */
function checked(value, generator, length) {
    let rest = value << length;
    for (let bit = 31 - Math.clz32(rest); bit >= length; bit -= 1) {
        if ((rest >> bit) & 1) rest ^= generator << (bit - length);
    }
    return (value << length) | rest;
}

function drawFormat(set, size, mask) {
    // Level M is 00.
    const bits = checked(mask, 0x537, 10) ^ 0x5412;
    const bit = (index) => (bits >> index) & 1;
    for (let index = 0; index <= 5; index += 1) set(index, 8, bit(index));
    set(7, 8, bit(6));
    set(8, 8, bit(7));
    set(8, 7, bit(8));
    for (let index = 9; index < 15; index += 1) set(8, 14 - index, bit(index));
    for (let index = 0; index < 8; index += 1) set(8, size - 1 - index, bit(index));
    for (let index = 8; index < 15; index += 1) set(size - 15 + index, 8, bit(index));
    set(size - 8, 8, true);
}

function drawVersion(set, size, version) {
    const bits = checked(version, 0x1f25, 12);
    for (let index = 0; index < 18; index += 1) {
        const far = size - 11 + (index % 3);
        const near = Math.floor(index / 3);
        set(near, far, (bits >> index) & 1);
        set(far, near, (bits >> index) & 1);
    }
}

/** The words in columns of two, from the right, up and down in turns. */
function place(words, dark, taken, mask) {
    const size = dark.length;
    let index = 0;
    for (let right = size - 1; right >= 1; right -= 2) {
        if (right === 6) right = 5;
        const isUp = ((right + 1) & 2) === 0;
        for (let step = 0; step < size; step += 1) {
            const row = isUp ? size - 1 - step : step;
            for (const column of [right, right - 1]) {
                if (taken[row][column]) continue;
                const bit = index < words.length * 8 ? (words[index >> 3] >> (7 - (index & 7))) & 1 : 0;
                dark[row][column] = Boolean(bit) !== MASKS[mask](row, column);
                index += 1;
            }
        }
    }
}

/** How hard a code is to read; the mask with the least is used. */
function penalty(matrix) {
    const size = matrix.length;
    let cost = 0;
    for (const line of [...matrix, ...matrix.map((_, column) => matrix.map((row) => row[column]))]) {
        let run = 0;
        line.forEach((value, index) => {
            run = index && value === line[index - 1] ? run + 1 : 1;
            if (run === 5) cost += 3;
            else if (run > 5) cost += 1;
        });
        const text = line.map((value) => (value ? "1" : "0")).join("");
        for (const pattern of ["10111010000", "00001011101"]) {
            for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1)) cost += 40;
        }
    }
    let darks = 0;
    for (let row = 0; row < size; row += 1) {
        for (let column = 0; column < size; column += 1) {
            const value = matrix[row][column];
            if (value) darks += 1;
            if (row && column && value === matrix[row - 1][column] && value === matrix[row][column - 1]
                && value === matrix[row - 1][column - 1]) cost += 3;
        }
    }
    return cost + Math.floor(Math.abs((darks * 20) / (size * size) - 10)) * 10;
}
