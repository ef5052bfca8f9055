import { useState } from 'react';
import { text } from '../../text/en';
import { Choice, CopyButton, controls, Dialog } from '../../ui/controls';

/** Returns a request as a command. The body is quoted for a shell: `'` ends, escapes and begins the text. */
export function curlOf(path: string, body: unknown): string {
  const json = JSON.stringify(body).replaceAll("'", `'\\''`);
  return [
    `curl -s ${location.origin}${path}`,
    `  -H "Authorization: Bearer $READ_KEY"`,
    `  -H 'Content-Type: application/json'`,
    `  -d '${json}'`,
  ].join(' \\\n');
}

/** Shows what is on screen as a request for a program. */
export function RequestDialog({
  request,
  path = '/v1/query',
  onClose,
}: {
  request: unknown;
  path?: string;
  onClose: () => void;
}) {
  const [form, setForm] = useState<'curl' | 'json'>('curl');
  const shown = form === 'curl' ? curlOf(path, request) : JSON.stringify(request, null, 2);
  return (
    <Dialog title={text.explore.requestTitle} onClose={onClose}>
      <p className="soft">{text.explore.requestIntro}</p>
      <div className={`${controls.row} ${controls.spread}`}>
        <Choice
          label={text.explore.request}
          value={form}
          options={[
            ['curl', 'curl'],
            ['json', `POST ${path}`],
          ]}
          onChange={setForm}
        />
        <CopyButton value={shown} />
      </div>
      <pre>{shown}</pre>
    </Dialog>
  );
}
