import { api, body } from '../../api/client';
import { useTenant } from '../../data/me';
import { Page } from '../../shell/page';
import { text } from '../../text/en';
import { AuditLog } from './audit-log';

/** What was done in the tenant and to it. */
export default function Audit() {
  const { zone } = useTenant();
  return (
    <Page title={text.audit.title}>
      <p className="soft">{text.audit.intro}</p>
      <AuditLog
        name={['audit']}
        zone={zone}
        ofAll={false}
        load={(cursor) => body(api.GET('/v1/audit', { params: { query: cursor ? { cursor } : {} } }))}
      />
    </Page>
  );
}
