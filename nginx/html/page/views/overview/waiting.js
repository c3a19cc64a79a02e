// What waits for somebody: messages that were given up, by provider.
import { api } from "../../core/api.js";

/** {letters: {provider: count}}; counts beyond 10,000 stay at that. */
export async function whatWaits(providers, signal) {
    const letters = await Promise.all(providers.map(async (provider) =>
        (await api.get("/v1/dead-letters", { provider, limit: 1 }, signal)).count));
    return { letters: Object.fromEntries(providers.map((name, place) => [name, letters[place]])) };
}
