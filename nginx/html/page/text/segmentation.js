// How a text is sent: its alphabet and how many SMS it takes. The same rules as the server's
// Sources/Domain/Values/Segmentation.swift. Source: 3GPP TS 23.038, section 6.2.1.

const BASIC = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    + "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const EXTENDED = new Set("\f^{}\\[~]|€");

/** Whether a character is in the alphabet of ordinary SMS. */
export const isGSM7 = (character) => BASIC.has(character) || EXTENDED.has(character);

/** {encoding, units, segments, left}: `left` is how many units fit before another SMS begins. */
export function segmentation(text) {
    const characters = [...text];
    const isPlain = characters.every(isGSM7);
    const sizes = characters.map((character) => {
        if (isPlain) return EXTENDED.has(character) ? 2 : 1;
        return character.codePointAt(0) > 0xffff ? 2 : 1;
    });
    const [alone, joined] = isPlain ? [160, 153] : [70, 67];
    const units = sizes.reduce((sum, size) => sum + size, 0);
    let segments = 1;
    let used = units;
    if (units > alone) {
        used = 0;
        for (const size of sizes) {
            if (used + size > joined) {
                segments += 1;
                used = 0;
            }
            used += size;
        }
    }
    return {
        encoding: isPlain ? "gsm-7" : "ucs-2", units, segments,
        left: (segments === 1 ? alone : joined) - used,
    };
}
