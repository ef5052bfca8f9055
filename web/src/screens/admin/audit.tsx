import { api, body } from '../../api/client';
import { viewerZone } from '../../format/zone';
import { Page } from '../../shell/page';
import { text } from '../../text/en';
import { AuditLog } from '../setup/audit-log';

/** What was done on the platform. */
export default function Audit() {
  return (
    <Page title={text.audit.title}>
      <AuditLog
        name={['admin', 'audit']}
        zone={viewerZone()}
        ofAll
        load={(cursor) => body(api.GET('/v1/admin/audit', { params: { query: cursor ? { cursor } : {} } }))}
      />
    </Page>
  );
}
