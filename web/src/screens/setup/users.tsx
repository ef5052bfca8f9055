import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '../../api/client';
import { asProblem } from '../../api/problem';
import { type Advertiser, type User, useAdvertisers, useUsers } from '../../data/lists';
import { locale, useMe, useTenant } from '../../data/me';
import { showMoment } from '../../format/zone';
import { useSubmit } from '../../hooks/use-submit';
import { writeLink } from '../../session/links';
import { Page } from '../../shell/page';
import { text } from '../../text/en';
import { Confirm } from '../../ui/confirm';
import { Badge, Button, controls, Dialog, DialogFoot, Select, TextInput } from '../../ui/controls';
import { Empty, ErrorBox } from '../../ui/states';
import { type Column, Table, tableCss } from '../../ui/table';
import { Security } from './security';
import { Shown } from './shown';

const ROLES = ['owner', 'analyst', 'advertiser'] as const;

/** A link that is shown once, and for whom it is. */
interface Made {
  title: string;
  hint: string;
  email: string;
  link: string;
}

export default function Users() {
  const me = useMe();
  const { zone, id: tenant } = useTenant();
  const client = useQueryClient();
  const { data, error, refetch } = useUsers();
  const advertisers = useAdvertisers();
  const names = new Map((advertisers.data ?? []).map(({ id, name }) => [id, name]));
  const [inviting, setInviting] = useState(false);
  const [disabled, setDisabled] = useState<User | null>(null);
  const [reset, setReset] = useState<User | null>(null);
  const [factorless, setFactorless] = useState<User | null>(null);
  const [made, setMade] = useState<Made | null>(null);
  const again = () => client.invalidateQueries({ queryKey: ['users'] });
  const invited = (email: string, token: string) => {
    const { invitation: title, invitationHint: hint } = text.users;
    setMade({ title, hint, email, link: writeLink('invitation', { token, tenant }) });
  };
  const renew = useMutation({
    mutationFn: (user: User) =>
      body(api.POST('/v1/users/{id}/invitation', { params: { path: { id: user.id } } })),
    onSuccess: async ({ token }, { email }) => {
      invited(email, token);
      await again();
    },
  });
  const withdraw = useMutation({
    mutationFn: (user: User) =>
      body(api.DELETE('/v1/users/{id}/invitation', { params: { path: { id: user.id } } })),
    onSuccess: again,
  });
  const columns: Column<User>[] = [
    { key: 'email', label: text.users.email, cell: ({ email }) => email },
    {
      key: 'role',
      label: text.users.role,
      cell: ({ role, advertiser_id: advertiser }) => (
        <>
          {text.roles[role]}
          {advertiser && <span className="soft"> · {names.get(advertiser) ?? advertiser}</span>}
        </>
      ),
    },
    { key: 'state', label: text.users.state, cell: (user) => <UserState user={user} zone={zone} /> },
    {
      key: 'actions',
      label: text.actions,
      cell: (user) => (
        <span className={tableCss.actions}>
          {user.invitation_expires_at && (
            <>
              <Button small disabled={renew.isPending} onClick={() => renew.mutate(user)}>
                {text.users.again}
              </Button>
              <Button
                small
                variant="danger"
                disabled={withdraw.isPending}
                onClick={() => withdraw.mutate(user)}
              >
                {text.users.withdraw}
              </Button>
            </>
          )}
          {!user.invitation_expires_at && !user.disabled && `user:${user.id}` !== me.subject && (
            <>
              <Button small aria-label={`${text.users.reset}: ${user.email}`} onClick={() => setReset(user)}>
                {text.users.reset}
              </Button>
              <Button
                small
                aria-label={`${text.users.removeFactor}: ${user.email}`}
                onClick={() => setFactorless(user)}
              >
                {text.users.removeFactor}
              </Button>
              <Button
                small
                variant="danger"
                aria-label={`${text.users.disable}: ${user.email}`}
                onClick={() => setDisabled(user)}
              >
                {text.users.disable}
              </Button>
            </>
          )}
        </span>
      ),
    },
  ];
  const failed = error ?? renew.error ?? withdraw.error;
  return (
    <Page
      title={text.users.title}
      aside={
        <Button variant="primary" onClick={() => setInviting(true)}>
          {text.users.invite}
        </Button>
      }
    >
      {failed && <ErrorBox error={failed} retry={() => void refetch()} />}
      {data?.length === 0 && <Empty title={text.users.none} />}
      {!error && data?.length !== 0 && (
        <Table caption={text.users.title} columns={columns} rows={data} rowKey={({ id }) => id} />
      )}
      <Security />
      {inviting && (
        <Invite
          advertisers={advertisers.data ?? []}
          onInvited={(email, token) => {
            setInviting(false);
            invited(email, token);
            void again();
          }}
          onClose={() => setInviting(false)}
        />
      )}
      {made && (
        <Shown
          title={made.title}
          hint={made.hint}
          secrets={[[made.email, made.link]]}
          onClose={() => setMade(null)}
        />
      )}
      {reset && (
        <Confirm
          title={text.users.resetTitle(reset.email)}
          hint={text.users.resetHint}
          action={text.users.reset}
          work={async () => {
            const path = { id: reset.id };
            const { token } = await body(api.POST('/v1/users/{id}/password-reset', { params: { path } }));
            const { resetLink: title, resetLinkHint: hint } = text.users;
            setMade({ title, hint, email: reset.email, link: writeLink('reset', { token, tenant }) });
          }}
          onClose={() => setReset(null)}
        />
      )}
      {factorless && (
        <Confirm
          title={text.users.removeFactorTitle(factorless.email)}
          hint={text.users.removeFactorHint}
          action={text.users.removeFactor}
          work={() => removeFactor(factorless)}
          onClose={() => setFactorless(null)}
        />
      )}
      {disabled && (
        <Confirm
          title={text.users.disableTitle(disabled.email)}
          hint={text.users.disableHint}
          action={text.users.disable}
          work={async () => {
            await body(api.DELETE('/v1/users/{id}', { params: { path: { id: disabled.id } } }));
            await again();
          }}
          onClose={() => setDisabled(null)}
        />
      )}
    </Page>
  );
}

/** Removes a second factor. The list does not say who has one: who has none is left as asked. */
async function removeFactor({ id }: User): Promise<void> {
  try {
    await body(api.DELETE('/v1/users/{id}/second-factor', { params: { path: { id } } }));
  } catch (failure) {
    if (asProblem(failure).status !== 404) throw failure;
  }
}

export function UserState({ user, zone }: { user: User; zone: string }) {
  if (user.disabled) return <Badge>{text.users.disabled}</Badge>;
  if (!user.invitation_expires_at) return <Badge tone="good">{text.users.active}</Badge>;
  const until = Date.parse(user.invitation_expires_at);
  return until > Date.now() ? (
    <Badge tone="warn">{text.users.invited(showMoment(until, zone, locale))}</Badge>
  ) : (
    <Badge tone="bad">{text.users.lapsed}</Badge>
  );
}

function Invite({
  advertisers,
  onInvited,
  onClose,
}: {
  advertisers: readonly Advertiser[];
  onInvited: (email: string, token: string) => void;
  onClose: () => void;
}) {
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<(typeof ROLES)[number]>('analyst');
  const [advertiser, setAdvertiser] = useState(advertisers[0]?.id ?? '');
  const { busy, error, submit } = useSubmit(async () => {
    const order = { email, role, ...(role === 'advertiser' ? { advertiser_id: advertiser } : {}) };
    const user = await body(api.POST('/v1/users', { body: order }));
    onInvited(email, user.invitation.token);
  });
  return (
    <Dialog title={text.users.inviteTitle} onClose={onClose}>
      <form className={controls.stack} onSubmit={submit}>
        <TextInput
          label={text.users.email}
          type="email"
          required
          autoFocus
          value={email}
          onChange={setEmail}
        />
        <Select
          label={text.users.role}
          value={role}
          options={ROLES.map((each) => [each, `${text.roles[each]}: ${text.users.roleHints[each]}`] as const)}
          onChange={setRole}
        />
        {role === 'advertiser' && (
          <Select
            label={text.users.advertiser}
            value={advertiser}
            required
            options={advertisers.map(({ id, name }) => [id, name] as const)}
            onChange={setAdvertiser}
          />
        )}
        {error !== null && <ErrorBox error={error} />}
        <DialogFoot>
          <Button onClick={onClose}>{text.cancel}</Button>
          <Button type="submit" variant="primary" disabled={busy}>
            {text.users.invite}
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
