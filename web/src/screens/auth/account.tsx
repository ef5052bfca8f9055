import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { account, type OpenSession } from '../../api/additions';
import { locale, useMe } from '../../data/me';
import { showMoment, viewerZone } from '../../format/zone';
import { useSubmit } from '../../hooks/use-submit';
import { session } from '../../session/session';
import { Card, Columns, Facts, Page, Section } from '../../shell/page';
import { text } from '../../text/en';
import { Badge, Button, controls, TextInput } from '../../ui/controls';
import { ErrorBox } from '../../ui/states';
import { type Column, Table } from '../../ui/table';

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
      </Columns>
      <Sessions />
    </Page>
  );
}

function ChangePassword() {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [changed, setChanged] = useState(false);
  const { busy, error, submit } = useSubmit(async () => {
    await account.changePassword(current, next);
    setCurrent('');
    setNext('');
    setChanged(true);
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
  const client = useQueryClient();
  const { data, error, refetch } = useQuery({ queryKey: ['own-sessions'], queryFn: account.sessions });
  const end = useMutation({
    mutationFn: account.endSession,
    onSuccess: () => client.invalidateQueries({ queryKey: ['own-sessions'] }),
  });
  const endAll = useMutation({ mutationFn: account.endSessions, onSuccess: () => session.logout() });
  const columns: Column<OpenSession>[] = [
    {
      key: 'agent',
      label: text.account.session,
      cell: (open) => (
        <>
          {open.user_agent ?? text.account.unknownAgent}{' '}
          {open.current && <Badge tone="good">{text.account.this}</Badge>}
        </>
      ),
    },
    { key: 'begun', label: text.account.begun, cell: (open) => moment(open.created_at) },
    { key: 'used', label: text.account.used, cell: (open) => moment(open.last_used_at) },
    {
      key: 'end',
      label: text.account.end,
      cell: (open) =>
        !open.current && (
          <Button small variant="danger" disabled={end.isPending} onClick={() => end.mutate(open.id)}>
            {text.account.end}
          </Button>
        ),
    },
  ];
  const failure = error ?? end.error ?? endAll.error;
  return (
    <Section
      title={text.account.sessions}
      aside={
        <Button variant="danger" disabled={endAll.isPending} onClick={() => endAll.mutate()}>
          {text.account.endAll}
        </Button>
      }
    >
      {failure && <ErrorBox error={failure} retry={() => void refetch()} />}
      {!error && (
        <Table
          caption={text.account.sessions}
          columns={columns}
          rows={data?.data}
          rowKey={({ id }) => id}
          expected={2}
        />
      )}
    </Section>
  );
}
