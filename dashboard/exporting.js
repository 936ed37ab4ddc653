// Trades a one-time link for its file, once. By POST, so that the link stands in no address.
const fetched = new Set();

function keep(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function fetchFile(link) {
  const answer = await fetch("/export", {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ link }),
  });
  if (!answer.ok) throw new Error(`/export answered ${answer.status}`);
  const named = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "");
  keep(await answer.blob(), named ? named[1] : "frontdesk");
}

export default function download({ data, setTriggerValue }) {
  if (!data || fetched.has(data.link)) return;
  fetched.add(data.link);
  fetchFile(data.link).catch(() => setTriggerValue("failed", true));
}
