import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { accountOf, type UserSession } from '../../data/account';
import { locale, useMe } from '../../data/me';
import { showMoment, viewerZone } from '../../format/zone';
import { useSubmit } from '../../hooks/use-submit';
import { session } from '../../session/session';
import { Card, Columns, Facts, Page, Section } from '../../shell/page';
import { text } from '../../text/en';
import { Badge, Button, controls, TextInput } from '../../ui/controls';
import { ErrorBox } from '../../ui/states';
import { type Column, Table } from '../../ui/table';
import { OwnFactor } from './own-factor';

const SESSIONS = ['own-sessions'];

const moment = (instant: string) => showMoment(Date.parse(instant), viewerZone(), locale);

export default function Account() {
  const me = useMe();
  const facts: [string, string][] = [
    [text.account.who, session.claims?.sub ?? me.subject],
    [text.account.role, text.roles[me.role] ?? me.role],
  ];
  if (me.tenant) {
    facts.push([text.account.tenant, `${me.tenant.name} (${me.tenant.id})`]);
    facts.push([text.account.zone, me.tenant.zone], [text.account.currency, me.tenant.currency]);
  }
  if (me.advertiser) facts.push([text.account.advertiser, me.advertiser]);
  return (
    <Page title={text.account.title}>
      <Columns>
        <Card>
          <h2>{text.account.who}</h2>
          <Facts facts={facts} />
        </Card>
        <Card>
          <h2>{text.account.password}</h2>
          <ChangePassword />
        </Card>
        <Card>
          <h2>{text.factor.title}</h2>
          <OwnFactor tenant={me.tenant?.id} />
        </Card>
      </Columns>
      <Sessions />
    </Page>
  );
}

function ChangePassword() {
  const account = accountOf(useMe().tenant === null);
  const client = useQueryClient();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [changed, setChanged] = useState(false);
  const { busy, error, submit } = useSubmit(async () => {
    setChanged(false);
    await account.changePassword(current, next);
    setCurrent('');
    setNext('');
    setChanged(true);
    await client.invalidateQueries({ queryKey: SESSIONS });
  });
  return (
    <form className={controls.stack} onSubmit={submit}>
      <TextInput
        label={text.account.current}
        type="password"
        autoComplete="current-password"
        required
        value={current}
        onChange={setCurrent}
      />
      <TextInput
        label={text.login.newPassword}
        type="password"
        autoComplete="new-password"
        minLength={12}
        required
        hint={text.login.passwordHint}
        value={next}
        onChange={setNext}
      />
      {error !== null && <ErrorBox error={error} />}
      {changed && <p role="status">{text.account.changed}</p>}
      <Button type="submit" disabled={busy}>
        {text.account.password}
      </Button>
    </form>
  );
}

function Sessions() {
  const account = accountOf(useMe().tenant === null);
  const client = useQueryClient();
  const { data, error, refetch } = useQuery({ queryKey: SESSIONS, queryFn: account.sessions });
  const again = () => client.invalidateQueries({ queryKey: SESSIONS });
  const end = useMutation({ mutationFn: account.endSession, onSuccess: again });
  const endOthers = useMutation({ mutationFn: account.endOthers, onSuccess: again });
  const columns: Column<UserSession>[] = [
    {
      key: 'agent',
      label: text.account.session,
      cell: (open) => (
        <>
          {open.user_agent ?? text.account.unknownAgent}{' '}
          {open.current && <Badge tone="good">{text.account.this}</Badge>}
          {open.reused_at && (
            <Badge tone="bad" title={text.account.reusedHint}>
              {text.account.reused(moment(open.reused_at))}
            </Badge>
          )}
        </>
      ),
    },
    { key: 'address', label: text.account.address, cell: ({ address }) => address ?? text.none },
    { key: 'begun', label: text.account.begun, cell: (open) => moment(open.created_at) },
    {
      key: 'used',
      label: text.account.used,
      cell: (open) => moment(open.last_used_at ?? open.created_at),
    },
    {
      key: 'ends',
      label: text.account.ends,
      cell: (open) => !open.reused_at && moment(open.expires_at),
    },
    {
      key: 'end',
      label: text.account.end,
      cell: (open) =>
        !open.current &&
        !open.reused_at && (
          <Button small variant="danger" disabled={end.isPending} onClick={() => end.mutate(open.id)}>
            {text.account.end}
          </Button>
        ),
    },
  ];
  const failure = error ?? end.error ?? endOthers.error;
  return (
    <Section
      title={text.account.sessions}
      aside={
        <Button variant="danger" disabled={endOthers.isPending} onClick={() => endOthers.mutate()}>
          {text.account.endOthers}
        </Button>
      }
    >
      {failure && <ErrorBox error={failure} retry={() => void refetch()} />}
      {!error && (
        <Table
          caption={text.account.sessions}
          columns={columns}
          rows={data}
          rowKey={({ id }) => id}
          expected={2}
        />
      )}
    </Section>
  );
}
