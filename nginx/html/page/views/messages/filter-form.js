// The controls of the filter: the search box, periods, statuses, provider, and the rest in a dialog.
// They only change the address; the list follows it.
import { h, put } from "../../core/dom.js";
import * as format from "../../core/format.js";
import { local, RANGES, utc } from "../../core/period.js";
import { go, to } from "../../core/router.js";
import * as session from "../../core/session.js";
import { open } from "../../parts/dialog.js";
import { choice, field, form } from "../../parts/fields.js";
import { icon } from "../../parts/icons.js";
import { menu } from "../../parts/menu.js";
import { STATUSES } from "../../parts/status.js";
import { t } from "../../strings.js";
import { changed, conditions } from "./filter.js";

export function filterForm({ providers, signal }) {
    let query = new URLSearchParams();
    const change = (changes) => go(to("messages", changed(query, changes)));

    const search = h("input", { type: "search", id: "search", name: "q", maxlength: 200, placeholder: session.may("details") ? t.filter.searchHint : t.filter.searchHintViewer, autocomplete: "off", spellcheck: "false" });
    const searchForm = form({ class: "search", role: "search" }, () => change({ q: search.value.trim() }),
        h("label", { for: "search", class: "unseen" }, t.filter.search), search,
        h("button", { type: "submit", class: "button" }, icon("search"), t.filter.find));
    search.addEventListener("search", () => {
        if (!search.value && query.get("q")) change({ q: "" });
    });

    const ranges = h("div", { class: "switch", role: "group", "aria-label": t.filter.range });
    const boxes = STATUSES.map((status) => choice(t.status[status], { value: status, on: { change: pickStatuses } }));
    const statusMenu = menu(t.filter.status, h("fieldset", null, h("legend", { class: "unseen" }, t.filter.status), boxes.map((box) => box.element)));
    function pickStatuses() {
        change({ status: boxes.filter((box) => box.control.checked).map((box) => box.control.value).join(",") });
    }
    const provider = h("select", { id: "provider", "aria-label": t.filter.provider, on: { change: () => change({ provider: provider.value }) } });
    const chips = h("ul", { class: "chips", "aria-label": t.filter.active });

    const element = h("div", { class: "filters" }, searchForm,
        h("div", { class: "filter-row" }, ranges, statusMenu, provider,
            h("button", { type: "button", class: "button", on: { click: more } }, t.filter.more)),
        chips);

    async function drawProviders() {
        const names = await providers;
        put(provider, h("option", { value: "" }, t.filter.anyProvider),
            names.map((name) => h("option", { value: name }, format.title(name))));
        provider.value = query.get("provider") ?? "";
        provider.closest(".filters").classList.toggle("one-provider", names.length < 2);
    }
    drawProviders();

    function more() {
        // Who sees numbers masked may not look for them either.
        const numbers = session.may("details") ? {
            to: field(t.filter.to, { type: "tel", value: query.get("to") }, { hint: t.filter.toHint }),
            to_prefix: field(t.filter.to_prefix, { type: "tel", value: query.get("to_prefix") }, { hint: t.filter.to_prefixHint }),
        } : {};
        const fields = {
            ...numbers,
            from: field(t.filter.from, { value: query.get("from") }),
            country: field(t.filter.country, { value: query.get("country"), maxlength: 2, autocapitalize: "characters" }, { hint: t.filter.countryHint }),
            error_code: field(t.filter.error_code, { value: query.get("error_code") }),
            submitted_by: field(t.filter.submitted_by, { value: query.get("submitted_by") }, { hint: t.filter.submitted_byHint }),
            send_request_id: field(t.filter.send_request_id, { value: query.get("send_request_id") }),
            since: field(t.filter.since, { type: "datetime-local", step: 1, value: local(query.get("since")) }),
            until: field(t.filter.until, { type: "datetime-local", step: 1, value: local(query.get("until")) }, { hint: t.filter.zoneHint }),
            final: field(t.filter.final, { value: query.get("final") ?? "" }, { tag: "select", options: [
                ["", t.filter.anyFinal], ["true", t.filter.finalYes], ["false", t.filter.finalNo]] }),
        };
        const known = [...query].find(([name]) => name.startsWith("metadata."));
        const key = field(t.filter.metadataKey, { value: known?.[0].slice("metadata.".length) });
        const value = field(t.filter.metadataValue, { value: known?.[1] });
        open(t.filter.more, (close) => form({ class: "stack" }, () => {
            const changes = known ? { [known[0]]: "" } : {};
            for (const [name, one] of Object.entries(fields)) changes[name] = one.value.trim();
            changes.country = changes.country.toUpperCase();
            for (const name of ["since", "until"]) changes[name] = utc(changes[name]);
            if (key.value.trim()) changes[`metadata.${key.value.trim()}`] = value.value;
            close();
            change(changes);
        }, h("div", { class: "fields" }, Object.values(fields).map((one) => one.element), key.element, value.element),
        h("div", { class: "buttons end" }, h("button", { type: "submit", class: "button main" }, t.filter.apply))), signal);
    }

    return {
        element,
        /** Shows what the address says. */
        update(next) {
            query = next;
            if (document.activeElement !== search) search.value = query.get("q") ?? "";
            const chosen = (query.get("status") ?? "").split(",");
            for (const box of boxes) box.control.checked = chosen.includes(box.control.value);
            provider.value = query.get("provider") ?? "";
            const isExact = query.get("since") || query.get("until");
            put(ranges, ["", ...RANGES].map((range) => h("a", {
                href: to("messages", changed(query, range ? { range } : { range: "", since: "", until: "" })),
                "aria-current": !isExact && (query.get("range") ?? "") === range ? "true" : null,
            }, t.ranges[range || "any"])));
            const list = conditions(query).filter(([name]) => name !== "range");
            put(chips, list.map(([name, text]) => h("li", null, h("a", {
                href: to("messages", changed(query, { [name]: "" })), class: "chip",
            }, h("span", null, `${label(name)}: ${shown(name, text)}`), h("span", { class: "unseen" }, `, ${t.filter.remove}`), icon("close")))),
            list.length > 1 ? h("li", null, h("a", { class: "plain", href: to("messages") }, t.filter.clear)) : null);
        },
    };
}

function label(name) {
    return name.startsWith("metadata.") ? name.slice("metadata.".length) : t.filter[name] ?? name;
}

function shown(name, value) {
    switch (name) {
    case "status": return value.split(",").map((status) => t.status[status] ?? status).join(", ");
    case "provider": return format.title(value);
    case "country": return format.country(value);
    case "final": return value === "true" ? t.filter.finalYes : t.filter.finalNo;
    case "since": case "until": {
        const time = new Date(value);
        return Number.isNaN(time.getTime()) ? value : format.moment(time);
    }
    default: return value;
    }
}
