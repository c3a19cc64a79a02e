// The page's start: who is signed in, the navigation, and which view the address names. Views are
// loaded when they are first needed; each is a module of its own.
import { onSignedOut } from "./core/api.js";
import { h, put } from "./core/dom.js";
import { place, to } from "./core/router.js";
import { say } from "./core/say.js";
import * as session from "./core/session.js";
import { icon, logo } from "./parts/icons.js";
import { loading, trouble } from "./parts/states.js";
import { startClock } from "./parts/time.js";
import { startTips } from "./parts/tip.js";
import { t } from "./strings.js";

// name: the permission that it needs, whether it stands in the phone's bar, whether only other views lead there
const VIEWS = {
    overview: { needs: "read", bar: true },
    messages: { needs: "read", bar: true },
    send: { needs: "send", bar: true },
    inbound: { needs: "read" },
    "opt-outs": { needs: "read" },
    "dead-letters": { needs: "read" },
    quarantine: { needs: "read" },
    webhooks: { needs: "read" },
    deliveries: { needs: "read", hidden: true },
    people: { needs: "admin" },
    keys: { needs: "admin" },
    audit: { needs: "admin" },
    status: { needs: "read" },
    account: {},
};
// Views with an id of something: #/messages/{id}, #/sent/{id}, #/quarantine/{id}, #/inbound/{number}.
const DETAILS = { messages: "message", sent: "sent", quarantine: "quarantined", inbound: "conversation" };
const DETAIL_NEEDS = { quarantined: "send" };

const app = document.getElementById("app");
let current = null;
let shell = null;

/** The view that an address names, or null. */
function resolve({ path }) {
    const name = path[0] ?? "overview";
    if (path.length === 2 && DETAILS[name]) return { name: DETAILS[name], nav: name, id: path[1] };
    if (path.length <= 1 && VIEWS[name]) return { name, nav: name };
    return null;
}

async function show() {
    const here = place();
    const found = resolve(here);
    const user = session.session();
    if (!user) return showGate();
    const demanded = user.must_set_up_totp && found?.name !== "account";
    if (demanded) {
        location.replace(to("account"));
        return;
    }
    if (current && found && current.name === found.name && current.id === found.id) {
        current.view?.update?.(here.query);
        return;
    }
    current?.leave.abort();
    const leave = new AbortController();
    const mine = { ...found, leave, view: null };
    current = mine;
    shell ??= drawShell();
    shell.select(found?.nav);
    const root = h("div", { class: "view" }, loading());
    put(shell.main, root);
    if (!found) {
        put(root, heading(t.notFound.title), h("p", null, t.notFound.text, h("a", { href: to("") }, t.nav.overview), "."));
        arrive(t.notFound.title);
        return;
    }
    const needs = VIEWS[found.name]?.needs ?? DETAIL_NEEDS[found.name];
    if (needs && !session.may(needs)) {
        put(root, heading(t.nav[found.nav]), h("p", null, t.problem.role));
        arrive(t.nav[found.nav]);
        return;
    }
    try {
        const module = await import(`./views/${found.name}.js`);
        if (leave.signal.aborted) return;
        root.replaceChildren();
        const title = module.title(found.id);
        arrive(title);
        mine.view = module.show({ root, id: found.id, query: here.query, signal: leave.signal }) ?? {};
        const first = root.querySelector("h1");
        first?.setAttribute("tabindex", "-1");
        if (shell.moved) first?.focus();
        shell.moved = true;
    } catch (problem) {
        if (leave.signal.aborted) return;
        console.error(problem);
        put(root, heading(t.problem.title), trouble(problem, () => location.reload()));
    }
}

function heading(text) {
    return h("h1", { tabindex: "-1" }, text);
}

function arrive(title) {
    document.title = title ? `${title} · Waybill` : "Waybill";
    if (shell?.moved) say(title);
    scrollTo(0, 0);
}

function drawShell() {
    const main = h("main", { class: "main", id: "main", tabindex: "-1" });
    const notice = h("div", { class: "notice", role: "status", hidden: true });
    const links = new Map();
    const item = (name) => {
        const link = h("a", { href: to(name === "overview" ? "" : name) }, icon(name), t.nav[name]);
        links.set(name, link);
        return h("li", null, link);
    };
    const allowed = Object.keys(VIEWS).filter((name) => name !== "account" && !VIEWS[name].hidden
        && (!VIEWS[name].needs || session.may(VIEWS[name].needs)));
    const user = session.user();
    const more = h("button", { type: "button", "aria-expanded": "false", "aria-controls": "nav-rest" }, icon("more"), t.nav.more);
    const account = item("account");
    links.get("account").lastChild.textContent = user.name || user.email;
    links.get("account").setAttribute("aria-label", `${t.nav.account}: ${user.name || user.email}`);
    const out = h("button", { type: "button", on: { click: signOut } }, icon("out"), t.nav.signOut);
    const nav = h("nav", { class: "nav", "aria-label": t.nav.label },
        h("a", { class: "brand", href: to("") }, logo(), "Waybill"),
        h("ul", { class: "first" }, allowed.filter((name) => VIEWS[name].bar).map(item), h("li", { class: "more-button" }, more)),
        h("ul", { class: "rest", id: "nav-rest" }, allowed.filter((name) => !VIEWS[name].bar).map(item), account, h("li", null, out)));
    const open = (isOpen) => {
        nav.classList.toggle("open", isOpen);
        more.setAttribute("aria-expanded", String(isOpen));
    };
    more.addEventListener("click", () => open(!nav.classList.contains("open")));
    nav.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && nav.classList.contains("open")) {
            open(false);
            more.focus();
        }
    });
    nav.addEventListener("click", (event) => {
        if (event.target.closest("a")) open(false);
    });
    document.addEventListener("pointerdown", (event) => {
        if (!nav.contains(event.target)) open(false);
    });
    const skip = h("a", { class: "button skip", href: "#main" }, t.nav.skip);
    skip.addEventListener("click", (event) => {
        event.preventDefault();
        main.focus();
    });
    put(app, skip, h("div", { class: "shell" }, nav, h("div", null, main)));
    const online = () => {
        notice.hidden = navigator.onLine !== false;
        put(notice, t.problem.offline);
    };
    addEventListener("online", online);
    addEventListener("offline", online);
    online();
    main.before(notice);
    return {
        main, moved: false,
        select(name) {
            open(false);
            for (const [key, link] of links) {
                if (key === name) link.setAttribute("aria-current", "page");
                else link.removeAttribute("aria-current");
            }
        },
    };
}

/** The sign-in, in place of everything; the address stays, so that one comes back to it. */
async function showGate(reason) {
    current?.leave.abort();
    current = null;
    shell = null;
    const module = await import("./views/sign-in.js");
    document.title = `${t.signIn.title} · Waybill`;
    module.show({ root: app, reason, done: () => show() });
}

async function signOut() {
    try {
        await session.signOut();
    } catch {
        // It has ended here; the server ends it by itself.
    }
    location.hash = "";
    showGate(t.signIn.signedOut);
    say(t.signIn.signedOut);
}

onSignedOut(() => {
    if (!session.session()) return;
    session.forget();
    showGate(t.signIn.ended);
    say(t.signIn.ended);
});

/** Whether this browser has sent a session's cookie with the page; nginx says so, see page-file.conf. */
function mayBeSignedIn() {
    const [visit] = performance.getEntriesByType("navigation");
    return !visit?.serverTiming || visit.serverTiming.some(({ name }) => name === "session");
}

async function start() {
    startTips();
    startClock();
    if (location.pathname === "/set-password") {
        const module = await import("./views/set-password.js");
        module.show({ root: app });
        return;
    }
    put(app, h("div", { class: "loading-page" }, loading()));
    try {
        if (mayBeSignedIn()) await session.load();
    } catch (problem) {
        put(app, h("main", { class: "main" }, trouble(problem, start)));
        return;
    }
    addEventListener("hashchange", show);
    show();
}

start();
