with seen as (
  select owner_account, region, id, tags, is_default, cidr_block, cidr_block_association_set,
    ipv6_cidr_block_association_set,
    row_number() over (
      partition by id
      order by owner_account, region, case when account_id = owner_account then 0 else 1 end, account_id) as copy
  from (
    select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
    from current_ec2_vpcs
  )
),
-- The accounts and regions whose peerings and attachments were both answered.
known as (
  select account_id, region
  from (
    select *, max(case when region = '*' then run_id end) over (partition by account_id, "table") as any_run
    from current_ledger
    where "table" in ('ec2_vpc_peering_connections', 'ec2_transit_gateway_vpc_attachments')
  )
  where status in ('ok', 'empty', 'unsupported') and coalesce(any_run, run_id) = run_id
  group by account_id, region
  having count(*) = 2
),
attached as (
  select distinct vpc_id, transit_gateway_id
  from current_ec2_transit_gateway_vpc_attachments
  where state in ('available', 'modifying') and vpc_id is not null and transit_gateway_id is not null
),
vpcs as (
  select v.owner_account, v.region, v.id, nullif(v.tags['Name'], '') as name,
    coalesce(v.is_default, false) as is_default, v.cidr_block, v.cidr_block_association_set,
    v.ipv6_cidr_block_association_set, row_number() over (order by v.owner_account, v.region, v.id) as place,
    k.account_id is not null as is_known,
    k.account_id is not null and v.id not in (select vpc_id from attached) as is_alone
  from seen v
  left join known k on k.account_id = v.owner_account and k.region = v.region
  where v.copy = 1
),
-- The last row of each VPC, without an association, stands for its range if it lists none.
associated as (
  select *,
    unnest(
      coalesce(cidr_block_association_set::json[], []) || coalesce(ipv6_cidr_block_association_set::json[], [])
        || ['null'::json]) as association
  from vpcs
),
listed as (
  select *, coalesce(
      association->>'CidrBlock', association->>'Ipv6CidrBlock',
      case when json_array_length(cidr_block_association_set) > 0 then null else cidr_block end) as "range",
    coalesce(
      association->'CidrBlockState'->>'State',
      association->'Ipv6CidrBlockState'->>'State', 'associated') as state
  from associated
),
ranges as (
  select *, cast(split_part("range", '/', 2) as integer) as bits, split_part("range", '/', 1) as address,
    row_number() over (partition by place, "range" order by state) as again
  from listed
  where state in ('associated', 'associating')
    and (regexp_full_match("range", '[0-9]{1,3}([.][0-9]{1,3}){3}/[0-9]{1,2}')
      or regexp_full_match("range", '[0-9a-f:]+/[0-9]{1,3}'))
),
-- The groups of an IPv6 address that `::` stands for are written out.
closed as (
  select *, if(address like '::%', '0', '') || address || if(address like '%::', '0', '') as written,
    count(*) over (partition by "range") as vpcs
  from ranges
  where again = 1
),
spelt as (
  select *, try_cast(split_part(address, '.', 1) as integer) as octet1,
    try_cast(split_part(address, '.', 2) as integer) as octet2,
    try_cast(split_part(address, '.', 3) as integer) as octet3,
    try_cast(split_part(address, '.', 4) as integer) as octet4,
    replace(
      written, '::',
      ':' || substr('0:0:0:0:0:0:0:', 1, 2 * (8 - length(written) + length(replace(written, ':', ''))))) as expanded
  from closed
),
-- Addresses as digits, so that the first digits of a range are those of all ranges in it: IPv4 addresses in binary,
-- and IPv6 addresses in hexadecimal, because the IPv6 ranges of VPCs have lengths of /44 to /60 in steps of four.
spans as (
  select "range", bits, vpcs, place, owner_account, region, id, name, is_default, is_known, is_alone,
    if(octet4 is null, 6, 4) as family, if(octet4 is null, cast((bits - bits % 4) / 4 as integer), bits) as whole,
    if(
      octet4 is null,
      lpad(split_part(expanded, ':', 1), 4, '0') || lpad(split_part(expanded, ':', 2), 4, '0')
        || lpad(split_part(expanded, ':', 3), 4, '0') || lpad(split_part(expanded, ':', 4), 4, '0')
        || lpad(split_part(expanded, ':', 5), 4, '0') || lpad(split_part(expanded, ':', 6), 4, '0')
        || lpad(split_part(expanded, ':', 7), 4, '0') || lpad(split_part(expanded, ':', 8), 4, '0'),
      lpad(to_base(octet1, 2), 8, '0') || lpad(to_base(octet2, 2), 8, '0') || lpad(to_base(octet3, 2), 8, '0')
        || lpad(to_base(octet4, 2), 8, '0')) as digits
  from spelt
),
-- What connects VPCs: those on one gateway have the same id, and those on the two sides of a peering the same id and
-- another side.
gateway_peerings as (
  select id, requester_tgw_info->>'TransitGatewayId' as one,
    accepter_tgw_info->>'TransitGatewayId' as other
  from current_ec2_transit_gateway_peering_attachments
  where state in ('available', 'modifying')
),
ends as (
  select requester_vpc_info->>'VpcId' as vpc_id, id as by_id, 1 as side
  from current_ec2_vpc_peering_connections
  where (status->>'Code') = 'active'
  union
  select accepter_vpc_info->>'VpcId', id, 2
  from current_ec2_vpc_peering_connections
  where (status->>'Code') = 'active'
  union
  select vpc_id, transit_gateway_id, 0 from attached
  union
  select a.vpc_id, p.id, if(p.one = a.transit_gateway_id, 1, 2)
  from attached a
  join gateway_peerings p on p.one = a.transit_gateway_id or p.other = a.transit_gateway_id
),
connected as (
  select one, other, to_json(list(by_id order by by_id)) as connected_by
  from (
    select distinct a.vpc_id as one, b.vpc_id as other, a.by_id
    from ends a
    join ends b on b.by_id = a.by_id and b.vpc_id <> a.vpc_id and (a.side = 0 or a.side <> b.side)
  )
  group by one, other
),
-- The cells with the peerings of transit gateways, and the places that were asked for other tables only.
asked as (
  select account_id, region, status, bool_or(status is not null) over (partition by account_id) as is_asked,
    bool_or(status is not null and region = '*') over (partition by account_id) as has_any
  from (
    select account_id, region,
      max(case when "table" = 'ec2_transit_gateway_peering_attachments' then status end) as status
    from current_ledger
    group by account_id, region
  )
),
unknown as (
  select count(*) as cells
  from asked
  where status not in ('ok', 'empty', 'unsupported') or not is_asked
    or status is null and not has_any and region not in ('*', 'global')
),
pairs as (
  select r."range", o."range" as other_range, r.place, o.place as other_place,
    r.owner_account as vpc_account_id, r.region as vpc_region, r.id as vpc_id, r.name as vpc_name,
    o.owner_account as other_account_id, o.region as other_region, o.id as other_vpc_id, o.name as other_vpc_name,
    r.is_default and o.is_default as are_default, r.is_alone or o.is_alone as is_separate,
    r.is_known and o.is_known as are_known,
    if(r."range" = o."range", r.vpcs * (r.vpcs - 1), 2 * r.vpcs * o.vpcs) > 200 as is_crowded,
    if(r."range" = o."range", r.vpcs, r.vpcs + o.vpcs) as vpcs
  from spans r
  join spans o on o.family = r.family and o.bits >= r.bits
    and substr(o.digits, 1, r.whole) = substr(r.digits, 1, r.whole)
    and o.place <> r.place and (o."range" <> r."range" or o.place > r.place)
),
judged as (
  select p.*, c.connected_by,
    case
      when c.one is not null then 'connected'
      when p.is_separate or p.are_known and u.cells = 0 then 'separate'
      else 'unknown'
    end as verdict
  from pairs p
  cross join unknown u
  left join connected c on c.one = p.vpc_id and c.other = p.other_vpc_id
),
ranked as (
  select *, count(*) over (partition by "range", other_range, verdict) as pairs,
    row_number() over (partition by "range", other_range, verdict order by place, other_place) as position
  from judged
  where not (are_default and verdict = 'separate')
),
-- Of ranges that many VPCs have, the first connected pairs are listed, and the others counted in one row.
answers as (
  select *, if(verdict = 'connected', 100, 0) as listed,
    is_crowded and (verdict <> 'connected' or position > 100) as is_counted
  from ranked
)
select null::varchar as account_id, null::varchar as region, verdict, "range", other_range,
  if(is_counted, null, vpc_account_id) as vpc_account_id, if(is_counted, null, vpc_region) as vpc_region,
  if(is_counted, null, vpc_id) as vpc_id, if(is_counted, null, vpc_name) as vpc_name,
  if(is_counted, null, other_account_id) as other_account_id, if(is_counted, null, other_region) as other_region,
  if(is_counted, null, other_vpc_id) as other_vpc_id, if(is_counted, null, other_vpc_name) as other_vpc_name,
  if(is_counted or connected_by is null, '[]'::json, connected_by) as connected_by, if(is_counted, vpcs, 2) as vpcs,
  if(is_counted, pairs - listed, 1) as pairs
from answers
where not is_counted or position = listed + 1
order by all;
