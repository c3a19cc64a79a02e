// What this browser remembers of how somebody likes the page. Nothing of messages is kept.

const PREFIX = "waybill.";

export function remembered(name, otherwise) {
    try {
        const text = localStorage.getItem(PREFIX + name);
        return text === null ? otherwise : JSON.parse(text);
    } catch {
        return otherwise;
    }
}

export function remember(name, value) {
    try {
        if (value === undefined) localStorage.removeItem(PREFIX + name);
        else localStorage.setItem(PREFIX + name, JSON.stringify(value));
    } catch {
        // Storage is full or switched off: the page works without.
    }
}
