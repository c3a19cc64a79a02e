// Error correction of QR codes: remainders of polynomials over GF(256) with x^8+x^4+x^3+x^2+1.

const EXP = new Uint8Array(512);
const LOG = new Uint8Array(256);
for (let power = 0, value = 1; power < 255; power += 1) {
    EXP[power] = value;
    EXP[power + 255] = value;
    LOG[value] = power;
    value <<= 1;
    if (value > 255) value ^= 0x11d;
}

const times = (a, b) => (a && b ? EXP[LOG[a] + LOG[b]] : 0);

/** The product of (x - 2^i) for i below `degree`, highest power first, without its leading 1. */
function generator(degree) {
    let result = [1];
    for (let root = 0; root < degree; root += 1) {
        const next = [...result, 0];
        result.forEach((factor, index) => {
            next[index + 1] ^= times(factor, EXP[root]);
        });
        result = next;
    }
    return result.slice(1);
}

/** The `degree` words that correct errors in these. */
export function remainder(words, degree) {
    const factors = generator(degree);
    const rest = new Array(degree).fill(0);
    for (const word of words) {
        const lead = word ^ rest.shift();
        rest.push(0);
        factors.forEach((factor, index) => {
            rest[index] ^= times(factor, lead);
        });
    }
    return rest;
}
