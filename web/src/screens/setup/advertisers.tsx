import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { api, body } from '../../api/client';
import { type Advertiser, useAdvertisers, useCampaigns } from '../../data/lists';
import { locale } from '../../data/me';
import { formatCount } from '../../format/values';
import { useSubmit } from '../../hooks/use-submit';
import { Page } from '../../shell/page';
import { text } from '../../text/en';
import { Button, controls, Dialog, DialogFoot, TextInput } from '../../ui/controls';
import { Empty, ErrorBox } from '../../ui/states';
import { type Column, Table } from '../../ui/table';

export default function Advertisers() {
  const { data, error, refetch } = useAdvertisers();
  const campaigns = useCampaigns();
  const [edited, setEdited] = useState<Advertiser | 'new' | null>(null);
  const count = (id: string) => campaigns.data?.filter((campaign) => campaign.advertiser_id === id).length;
  const columns: Column<Advertiser>[] = [
    { key: 'name', label: text.advertisers.name, cell: ({ name }) => name },
    { key: 'id', label: text.advertisers.id, cell: ({ id }) => <code>{id}</code> },
    {
      key: 'campaigns',
      label: text.advertisers.campaigns,
      number: true,
      cell: ({ id, name }) => (
        <Link
          href={`/campaigns?advertiser=${encodeURIComponent(id)}`}
          title={`${text.advertisers.look}: ${name}`}
        >
          {formatCount(count(id), locale)}
        </Link>
      ),
    },
    {
      key: 'rename',
      label: text.advertisers.rename,
      cell: (advertiser) => (
        <Button
          small
          aria-label={`${text.advertisers.rename}: ${advertiser.name}`}
          onClick={() => setEdited(advertiser)}
        >
          {text.advertisers.rename}
        </Button>
      ),
    },
  ];
  return (
    <Page
      title={text.advertisers.title}
      aside={
        <Button variant="primary" onClick={() => setEdited('new')}>
          {text.advertisers.add}
        </Button>
      }
    >
      {error && <ErrorBox error={error} retry={() => void refetch()} />}
      {data?.length === 0 && (
        <Empty title={text.advertisers.none}>
          <p>{text.advertisers.noneHint}</p>
        </Empty>
      )}
      {!error && data?.length !== 0 && (
        <Table caption={text.advertisers.title} columns={columns} rows={data} rowKey={({ id }) => id} />
      )}
      {edited && <Edit advertiser={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
    </Page>
  );
}

function Edit({ advertiser, onClose }: { advertiser: Advertiser | null; onClose: () => void }) {
  const client = useQueryClient();
  const [id, setId] = useState(advertiser?.id ?? '');
  const [name, setName] = useState(advertiser?.name ?? '');
  const { busy, error, submit } = useSubmit(async () => {
    await body(api.PUT('/v1/advertisers/{id}', { params: { path: { id } }, body: { name } }));
    await client.invalidateQueries({ queryKey: ['advertisers'] });
    onClose();
  });
  return (
    <Dialog title={advertiser ? text.advertisers.rename : text.advertisers.addTitle} onClose={onClose}>
      <form className={controls.stack} onSubmit={submit}>
        {!advertiser && (
          <TextInput
            label={text.advertisers.id}
            hint={text.advertisers.idHint}
            required
            pattern="[a-z0-9](?:[a-z0-9\-]{0,38}[a-z0-9])?"
            autoFocus
            value={id}
            onChange={setId}
          />
        )}
        <TextInput label={text.advertisers.name} required maxLength={200} value={name} onChange={setName} />
        {error !== null && <ErrorBox error={error} />}
        <DialogFoot>
          <Button onClick={onClose}>{text.cancel}</Button>
          <Button type="submit" variant="primary" disabled={busy}>
            {text.save}
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
