// A script on a websocket cannot set a cookie. This posts the one-time ticket to our own
// route, which answers Set-Cookie, and opens the page anew so that its connection carries
// the cookie. No session token ever passes through here.
const handedOver = new Set();

async function post(path, ticket) {
  const answer = await fetch(path, {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ticket }),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
}

async function checkCookieWasKept() {
  const answer = await fetch("/session", { credentials: "same-origin" });
  if (!answer.ok) throw new Error("the cookie was not kept");
}

export default function handOver({ data, setTriggerValue }) {
  if (!data || handedOver.has(data.nonce)) return;
  handedOver.add(data.nonce);
  const done = data.ticket
    ? post("/session/open", data.ticket).then(checkCookieWasKept).then(() => window.location.reload())
    : post("/session/close", "").then(() => window.location.assign("/"));
  done.catch(() => setTriggerValue("failed", data.nonce));
}
