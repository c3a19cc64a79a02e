// What waits for somebody, by provider: messages that were given up, and callbacks in quarantine.
import { api } from "../../core/api.js";

/** {letters: {provider: count}, quarantined: {provider: count}}; counts beyond 10,000 stay at that. */
export async function whatWaits(providers, signal) {
    const counts = async (path, query) => Object.fromEntries(await Promise.all(providers.map(async (provider) =>
        [provider, (await api.get(path, { ...query, provider, limit: 1 }, signal)).count])));
    const [letters, quarantined] = await Promise.all([
        counts("/v1/dead-letters"),
        // What nobody has proved to be a provider's is kept only where that is set, and needs no hand.
        counts("/v1/quarantine", { authenticated: "true" }),
    ]);
    return { letters, quarantined };
}
