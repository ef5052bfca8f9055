#!/bin/bash
# The first start of a Keeper. Terraform fills in the placeholders.
set -euo pipefail

device=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volume}
until [[ -e $device ]]; do sleep 2; done
blkid "$device" >/dev/null || mkfs.ext4 -q -m 0 "$device"
mkdir -p /var/lib/clickhouse-keeper
grep -q /var/lib/clickhouse-keeper /etc/fstab || echo "$device /var/lib/clickhouse-keeper ext4 noatime,nofail 0 2" >>/etc/fstab
mount /var/lib/clickhouse-keeper

curl -sSf -o /etc/yum.repos.d/clickhouse.repo https://packages.clickhouse.com/rpm/clickhouse.repo
dnf install -y "clickhouse-keeper-${version}.*"
chown clickhouse: /var/lib/clickhouse-keeper

cat >/etc/clickhouse-keeper/keeper_config.xml <<'XML'
<clickhouse>
    <logger>
        <level>warning</level>
        <log>/var/log/clickhouse-keeper/clickhouse-keeper.log</log>
        <errorlog>/var/log/clickhouse-keeper/clickhouse-keeper.err.log</errorlog>
        <size>100M</size>
        <count>5</count>
    </logger>
    <listen_host>0.0.0.0</listen_host>
    <prometheus>
        <endpoint>/metrics</endpoint>
        <port>9363</port>
        <metrics>true</metrics>
        <events>true</events>
        <asynchronous_metrics>true</asynchronous_metrics>
    </prometheus>
    <keeper_server>
        <tcp_port>9181</tcp_port>
        <server_id>${id}</server_id>
        <log_storage_path>/var/lib/clickhouse-keeper/log</log_storage_path>
        <snapshot_storage_path>/var/lib/clickhouse-keeper/snapshots</snapshot_storage_path>
        <coordination_settings>
            <operation_timeout_ms>10000</operation_timeout_ms>
            <session_timeout_ms>30000</session_timeout_ms>
        </coordination_settings>
        <raft_configuration>
%{ for index, keeper in keepers ~}
            <server><id>${index + 1}</id><hostname>${keeper}</hostname><port>9234</port></server>
%{ endfor ~}
        </raft_configuration>
    </keeper_server>
</clickhouse>
XML

systemctl enable --now clickhouse-keeper
