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

async function isCookieKept() {
  const answer = await fetch("/session", { credentials: "same-origin" });
  if (!answer.ok && answer.status !== 401) throw new Error(`/session answered ${answer.status}`);
  return answer.ok;
}

async function signIn({ ticket, nonce }, setTriggerValue) {
  await post("/session/open", ticket);
  if (await isCookieKept()) window.location.reload();
  else setTriggerValue("not_kept", nonce);
}

export default function handOver({ data, setTriggerValue }) {
  if (!data || handedOver.has(data.nonce)) return;
  handedOver.add(data.nonce);
  const done = data.ticket
    ? signIn(data, setTriggerValue)
    : post("/session/close", "").then(() => window.location.assign("/"));
  done.catch(() => setTriggerValue("failed", data.nonce));
}
