import { useState } from 'react';
import { download, file } from '../../api/client';
import { reportJobs } from '../../data/report-jobs';
import type { Granularity } from '../../format/buckets';
import { useSubmit } from '../../hooks/use-submit';
import { text } from '../../text/en';
import { Button, Check, controls, Dialog, DialogFoot, Select } from '../../ui/controls';
import { ErrorBox } from '../../ui/states';
import { exportRequest, type Report } from '../../url/report';

const FORMATS = ['csv', 'json', 'ndjson', 'parquet', 'arrow'] as const;

interface ExportProps {
  report: Report;
  zone: string;
  now: number;
  grain: Granularity;
  onClose: () => void;
}

/** Exports exactly what is shown: the same request, with another form of answer. */
export function ExportDialog({ report, zone, now, grain, onClose }: ExportProps) {
  const [format, setFormat] = useState<(typeof FORMATS)[number]>('csv');
  const [buckets, setBuckets] = useState(false);
  const [all, setAll] = useState(false);
  const [background, setBackground] = useState(false);
  const [started, setStarted] = useState(false);
  const { busy, error, submit } = useSubmit(async () => {
    const request = exportRequest(report, zone, now, format);
    if (buckets) request.time = { ...request.time, granularity: grain };
    if (all) delete request.top;
    if (background) {
      await reportJobs.create('query', request);
      setStarted(true);
      return;
    }
    const made = await file('POST', '/v1/query', request);
    download(made.name === 'report' ? { ...made, name: `query.${format}` } : made);
    onClose();
  });
  return (
    <Dialog title={text.explore.exportTitle} onClose={onClose}>
      {started ? (
        <p role="status">{text.explore.backgroundStarted}</p>
      ) : (
        <form className={controls.stack} onSubmit={submit}>
          <p className="soft">{text.explore.exportIntro}</p>
          <Select
            label={text.explore.export}
            value={format}
            options={FORMATS.map((name) => [name, text.explore.formats[name] ?? name] as const)}
            onChange={setFormat}
          />
          <Check checked={buckets} onChange={setBuckets}>
            {text.explore.withBuckets}
          </Check>
          {report.by.length > 0 && (
            <Check checked={all} onChange={setAll}>
              {text.explore.allSegments}
            </Check>
          )}
          <Check checked={background} onChange={setBackground}>
            {text.explore.background}
          </Check>
          {error !== null && <ErrorBox error={error} />}
          <DialogFoot>
            <Button onClick={onClose}>{text.cancel}</Button>
            <Button type="submit" variant="primary" disabled={busy}>
              {text.explore.export}
            </Button>
          </DialogFoot>
        </form>
      )}
    </Dialog>
  );
}
