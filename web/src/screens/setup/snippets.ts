// Programs that send a first event. `$COLLECT_KEY` stands for the secret, which the console does not know.

export const SENDERS = ['curl', 'browser', 'node', 'python', 'segment', 'ga4'] as const;
export type Sender = (typeof SENDERS)[number];

const EVENT = `{"type": "product_view", "visitor_id": "v-1", "items": [{"product_id": "p-1", "price": "19.90"}]}`;

/** Returns the text of a sender. `keyId` names the key in a comment, so that it is found again. */
export function snippet(sender: Sender, collector: string, keyId: string): string {
  const url = `${collector}/v1/events`;
  switch (sender) {
    case 'curl':
      return `# COLLECT_KEY is the secret of ${keyId}.
curl -s ${url} \\
  -H "Authorization: Bearer $COLLECT_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '[${EVENT}]'`;
    case 'browser':
      return `// A key of kind collect can send events and nothing else, so a page may hold it: ${keyId}.
fetch("${url}", {
  method: "POST",
  keepalive: true,
  headers: { "Authorization": "Bearer COLLECT_KEY", "Content-Type": "application/json" },
  body: JSON.stringify([${EVENT}]),
});`;
    case 'node':
      return `// COLLECT_KEY is the secret of ${keyId}.
const answer = await fetch("${url}", {
  method: "POST",
  headers: { "Authorization": \`Bearer \${process.env.COLLECT_KEY}\`, "Content-Type": "application/json" },
  body: JSON.stringify([${EVENT}]),
});
console.log(answer.status, await answer.json());`;
    case 'python':
      return `# COLLECT_KEY is the secret of ${keyId}.
import json, os, urllib.request

event = ${EVENT}
request = urllib.request.Request(
    "${url}",
    data=json.dumps([event]).encode(),
    headers={"Authorization": f"Bearer {os.environ['COLLECT_KEY']}", "Content-Type": "application/json"},
)
print(urllib.request.urlopen(request).read().decode())`;
    case 'segment':
      return `# The body of Segment's batch, as it is. COLLECT_KEY is the secret of ${keyId}.
curl -s ${url} \\
  -H "Authorization: Bearer $COLLECT_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '{"batch": [{"event": "Product Viewed", "anonymousId": "v-1", "messageId": "m-1",
       "properties": {"product_id": "p-1", "price": 19.9}}]}'`;
    case 'ga4':
      return `# The body of GA4's Measurement Protocol, as it is. COLLECT_KEY is the secret of ${keyId}.
curl -s ${url} \\
  -H "Authorization: Bearer $COLLECT_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '{"client_id": "123456.7654321", "events": [{"name": "purchase",
       "params": {"transaction_id": "t-1", "currency": "EUR", "value": 31.98,
                  "items": [{"item_id": "p-1", "price": 15.99, "quantity": 2}]}}]}'`;
  }
}
