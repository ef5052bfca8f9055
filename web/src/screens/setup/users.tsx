import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '../../api/client';
import { type Advertiser, type User, useAdvertisers, useUsers } from '../../data/lists';
import { locale, useMe, useTenant } from '../../data/me';
import { showMoment } from '../../format/zone';
import { Page } from '../../shell/page';
import { text } from '../../text/en';
import { Confirm } from '../../ui/confirm';
import { Badge, Button, controls, Dialog, DialogFoot, Select, TextInput } from '../../ui/controls';
import { Empty, ErrorBox } from '../../ui/states';
import { type Column, Table, tableCss } from '../../ui/table';
import { useSubmit } from '../auth/login';
import { Shown } from './keys';

const ROLES = ['owner', 'analyst', 'advertiser'] as const;

/** The link that accepts an invitation. The token is behind `#`, so that no server logs it. */
export function invitationLink(token: string): string {
  return `${location.origin}${import.meta.env.BASE_URL}invitation#${encodeURIComponent(token)}`;
}

export default function Users() {
  const me = useMe();
  const { zone } = useTenant();
  const client = useQueryClient();
  const { data, error, refetch } = useUsers();
  const advertisers = useAdvertisers();
  const names = new Map((advertisers.data ?? []).map(({ id, name }) => [id, name]));
  const [inviting, setInviting] = useState(false);
  const [disabled, setDisabled] = useState<User | null>(null);
  const [link, setLink] = useState<[string, string] | null>(null);
  const again = () => client.invalidateQueries({ queryKey: ['users'] });
  const renew = useMutation({
    mutationFn: (user: User) =>
      body(api.POST('/v1/users/{id}/invitation', { params: { path: { id: user.id } } })),
    onSuccess: async ({ token }, { email }) => {
      setLink([email, invitationLink(token)]);
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
      label: '',
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
            <Button
              small
              variant="danger"
              aria-label={`${text.users.disable}: ${user.email}`}
              onClick={() => setDisabled(user)}
            >
              {text.users.disable}
            </Button>
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
      {inviting && (
        <Invite
          advertisers={advertisers.data ?? []}
          onInvited={(email, token) => {
            setInviting(false);
            setLink([email, invitationLink(token)]);
            void again();
          }}
          onClose={() => setInviting(false)}
        />
      )}
      {link && (
        <Shown
          title={text.users.invitation}
          hint={text.users.invitationHint}
          secrets={[link]}
          onClose={() => setLink(null)}
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
