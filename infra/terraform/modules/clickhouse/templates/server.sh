#!/bin/bash
# The first start of a ClickHouse server. Terraform fills in the placeholders.
set -euo pipefail

device=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volume}
until [[ -e $device ]]; do sleep 2; done
blkid "$device" >/dev/null || mkfs.ext4 -q -m 0 "$device"
mkdir -p /var/lib/clickhouse
grep -q /var/lib/clickhouse /etc/fstab || echo "$device /var/lib/clickhouse ext4 noatime,nofail 0 2" >>/etc/fstab
mount /var/lib/clickhouse

curl -sSf -o /etc/yum.repos.d/clickhouse.repo https://packages.clickhouse.com/rpm/clickhouse.repo
dnf install -y "clickhouse-server-${version}.*" "clickhouse-client-${version}.*" "clickhouse-common-static-${version}.*" jq
chown clickhouse: /var/lib/clickhouse

# The balancer in front has the certificate that clients check; this one encrypts the rest of the way.
openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=${host}" \
  -keyout /etc/clickhouse-server/server.key -out /etc/clickhouse-server/server.crt
chown clickhouse: /etc/clickhouse-server/server.key /etc/clickhouse-server/server.crt
chmod 400 /etc/clickhouse-server/server.key

# The accounts' passwords, read again at each start, so that a rotation needs a restart only.
cat >/usr/local/sbin/footfall-accounts <<'ACCOUNTS'
#!/bin/bash
set -euo pipefail
umask 077
aws secretsmanager get-secret-value --region ${region} --secret-id ${secret} --query SecretString --output text \
  | jq -r '"FOOTFALL_CLICKHOUSE_WRITER_PASSWORD=\(.writer_password)\nFOOTFALL_CLICKHOUSE_READER_PASSWORD=\(.reader_password)"' \
  >/run/footfall-accounts.new
mv /run/footfall-accounts.new /run/footfall-accounts
ACCOUNTS
chmod 755 /usr/local/sbin/footfall-accounts

cat >/etc/systemd/system/footfall-accounts.service <<'UNIT'
[Unit]
Description=Accounts of ClickHouse
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/footfall-accounts
Restart=on-failure
RestartSec=5
UNIT

mkdir -p /etc/systemd/system/clickhouse-server.service.d
cat >/etc/systemd/system/clickhouse-server.service.d/footfall.conf <<'UNIT'
[Unit]
Requires=footfall-accounts.service
After=footfall-accounts.service
RequiresMountsFor=/var/lib/clickhouse

[Service]
EnvironmentFile=/run/footfall-accounts
UNIT

cat >/etc/clickhouse-server/users.d/footfall.xml <<'XML'
${accounts}
XML
cat >/etc/clickhouse-server/users.d/no-default-user.xml <<'XML'
${no_default_user}
XML
cat >/etc/clickhouse-server/users.d/size.xml <<'XML'
<clickhouse>
    <profiles>
        <footfall_reader>
            <max_memory_usage>${query_memory}</max_memory_usage>
            <max_threads>${query_threads}</max_threads>
        </footfall_reader>
    </profiles>
</clickhouse>
XML

cat >/etc/clickhouse-server/config.d/footfall.xml <<'XML'
<clickhouse>
    <logger>
        <level>warning</level>
        <size>100M</size>
        <count>5</count>
    </logger>

    <!-- Clients come over TLS only. Ports 9000 and 9009 are open to the other machines of this cluster. -->
    <listen_host>0.0.0.0</listen_host>
    <http_port remove="remove"/>
    <mysql_port remove="remove"/>
    <postgresql_port remove="remove"/>
    <https_port>8443</https_port>
    <openSSL>
        <server>
            <certificateFile>/etc/clickhouse-server/server.crt</certificateFile>
            <privateKeyFile>/etc/clickhouse-server/server.key</privateKeyFile>
            <disableProtocols>sslv2,sslv3,tlsv1,tlsv1_1</disableProtocols>
        </server>
    </openSSL>
    <prometheus>
        <endpoint>/metrics</endpoint>
        <port>9363</port>
        <metrics>true</metrics>
        <events>true</events>
        <asynchronous_metrics>true</asynchronous_metrics>
    </prometheus>

    <interserver_http_host>${host}</interserver_http_host>
    <macros>
        <shard>1</shard>
        <replica>${host}</replica>
    </macros>
    <remote_servers>
        <footfall>
            <shard>
                <internal_replication>true</internal_replication>
%{ for server in servers ~}
                <replica><host>${server}</host><port>9000</port></replica>
%{ endfor ~}
            </shard>
        </footfall>
    </remote_servers>
%{ if length(keepers) > 0 ~}
    <zookeeper>
%{ for keeper in keepers ~}
        <node><host>${keeper}</host><port>9181</port></node>
%{ endfor ~}
    </zookeeper>
%{ endif ~}

    <max_server_memory_usage_to_ram_ratio>0.8</max_server_memory_usage_to_ram_ratio>
    <merge_tree>
        <!-- Below this an insert is refused before it begins; Footfall retries it until there is space. -->
        <min_free_disk_bytes_to_perform_insert>${free_space}</min_free_disk_bytes_to_perform_insert>
    </merge_tree>
    <!-- A merge that ran out of disk has left an unreadable part: a merge begins only if this stays free. -->
    <storage_configuration>
        <disks>
            <default>
                <keep_free_space_bytes>${free_space}</keep_free_space_bytes>
            </default>
            <!-- `footfall backup` writes here, with the role of the machine. -->
            <backups>
                <type>s3_plain</type>
                <endpoint>${backups}</endpoint>
                <region>${region}</region>
                <use_environment_credentials>true</use_environment_credentials>
            </backups>
        </disks>
    </storage_configuration>
    <backups>
        <allowed_disk>backups</allowed_disk>
    </backups>
</clickhouse>
XML

systemctl daemon-reload
systemctl enable --now clickhouse-server
