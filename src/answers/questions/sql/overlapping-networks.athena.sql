with seen_all_vpcs as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_ec2_vpcs
),
all_vpcs as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as copy
    from seen_all_vpcs
  )
  where copy = 1
),
numbered as (
  select owner_account, region, id, tags, is_default, cidr_block, cidr_block_association_set,
    ipv6_cidr_block_association_set,
    row_number() over (partition by id order by owner_account, region) as copy
  from all_vpcs
),
vpcs as (
  select *, row_number() over (order by owner_account, region, id) as place from numbered where copy = 1
),
own as (
  select v.place, u.association
  from vpcs v
  cross join unnest(cast(json_parse(v.cidr_block_association_set) as array(json))) as u (association)
),
own6 as (
  select v.place, u.association
  from vpcs v
  cross join unnest(cast(json_parse(v.ipv6_cidr_block_association_set) as array(json))) as u (association)
),
listed as (
  select place, json_extract_scalar(association, '$.CidrBlock') as "range",
    json_extract_scalar(association, '$.CidrBlockState.State') as state
  from own
  union all
  select place, cidr_block, null from vpcs where place not in (select place from own)
  union all
  select place, json_extract_scalar(association, '$.Ipv6CidrBlock'),
    json_extract_scalar(association, '$.Ipv6CidrBlockState.State')
  from own6
),
ranges as (
  select distinct place, "range"
  from listed
  where (state is null or state in ('associated', 'associating'))
    and (regexp_like("range", '^[0-9]{1,3}([.][0-9]{1,3}){3}/[0-9]{1,2}$')
      or regexp_like("range", '^[0-9a-f:]+/[0-9]{1,3}$'))
),
sized as (
  select "range", count(*) as vpcs, cast(split_part("range", '/', 2) as integer) as bits,
    split_part("range", '/', 1) as address
  from ranges
  group by "range"
),
-- The groups of an IPv6 address that `::` stands for are written out.
closed as (
  select *, if(address like '::%', '0', '') || address || if(address like '%::', '0', '') as written
  from sized
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
  select "range", vpcs, bits, 4 as family, bits as whole,
    lpad(to_base(octet1, 2), 8, '0') || lpad(to_base(octet2, 2), 8, '0') || lpad(to_base(octet3, 2), 8, '0')
      || lpad(to_base(octet4, 2), 8, '0') as digits
  from spelt
  where octet4 is not null
  union all
  select "range", vpcs, bits, 6, cast((bits - bits % 4) / 4 as integer),
    lpad(split_part(expanded, ':', 1), 4, '0') || lpad(split_part(expanded, ':', 2), 4, '0')
      || lpad(split_part(expanded, ':', 3), 4, '0') || lpad(split_part(expanded, ':', 4), 4, '0')
      || lpad(split_part(expanded, ':', 5), 4, '0') || lpad(split_part(expanded, ':', 6), 4, '0')
      || lpad(split_part(expanded, ':', 7), 4, '0') || lpad(split_part(expanded, ':', 8), 4, '0')
  from spelt
  where octet4 is null
),
nested as (
  select r."range", o."range" as other_range, r.vpcs,
    if(r."range" = o."range", 0, o.vpcs) as other_vpcs,
    if(r."range" = o."range", r.vpcs * (r.vpcs - 1), 2 * r.vpcs * o.vpcs) as twice
  from spans r
  join spans o on o.family = r.family and o.bits >= r.bits
    and substr(o.digits, 1, r.whole) = substr(r.digits, 1, r.whole)
),
pairs as (
  select p."range", p.other_range, p.twice > 200 as is_crowded, r.place, o.place as other_place
  from nested p
  join ranges r on r."range" = p."range"
  join ranges o on o."range" = p.other_range
  where r.place <> o.place and (p."range" <> p.other_range or r.place < o.place)
),
vpc_pairs as (
  select distinct p.place, p.other_place, v.id, o.id as other_id
  from pairs p
  join vpcs v on v.place = p.place
  join vpcs o on o.place = p.other_place
),
peerings as (
  select id, json_extract_scalar(requester_vpc_info, '$.VpcId') as one,
    json_extract_scalar(accepter_vpc_info, '$.VpcId') as other
  from current_ec2_vpc_peering_connections
  where json_extract_scalar(status, '$.Code') = 'active'
),
attached as (
  select distinct vpc_id, transit_gateway_id
  from current_ec2_transit_gateway_vpc_attachments
  where state in ('available', 'modifying') and vpc_id is not null and transit_gateway_id is not null
),
gateway_peerings as (
  select id, json_extract_scalar(requester_tgw_info, '$.TransitGatewayId') as one,
    json_extract_scalar(accepter_tgw_info, '$.TransitGatewayId') as other
  from current_ec2_transit_gateway_peering_attachments
  where state in ('available', 'modifying')
),
connections as (
  select p.place, p.other_place, c.id as by_id
  from vpc_pairs p
  join peerings c on c.one = p.id and c.other = p.other_id or c.one = p.other_id and c.other = p.id
  union
  select p.place, p.other_place, a.transit_gateway_id
  from vpc_pairs p
  join attached a on a.vpc_id = p.id
  join attached b on b.vpc_id = p.other_id and b.transit_gateway_id = a.transit_gateway_id
  union
  select p.place, p.other_place, c.id
  from vpc_pairs p
  join attached a on a.vpc_id = p.id
  join attached b on b.vpc_id = p.other_id
  join gateway_peerings c on c.one = a.transit_gateway_id and c.other = b.transit_gateway_id
    or c.one = b.transit_gateway_id and c.other = a.transit_gateway_id
),
connected as (
  select place, other_place, json_format(cast(array_agg(by_id order by by_id) as json)) as connected_by
  from connections
  group by place, other_place
),
answered as (
  select l."table", l.account_id, l.region
  from current_ledger l
  left join current_ledger s on s.account_id = l.account_id and s."table" = l."table" and s.region = '*'
    and s.run_id <> l.run_id
  where l.status in ('ok', 'empty', 'unsupported') and s.region is null
),
asked as (
  select account_id, region, status from current_ledger where "table" = 'ec2_transit_gateway_peering_attachments'
),
-- Where peerings of transit gateways are not known: not answered, or never asked.
unknown as (
  select account_id from asked where status not in ('ok', 'empty', 'unsupported')
  union
  select l.account_id
  from current_ledger l
  left join asked a on a.account_id = l.account_id and (a.region = l.region or a.region = '*')
  where l.region not in ('*', 'global') and a.account_id is null
  union
  select account_id from current_ledger where account_id not in (select account_id from asked)
),
known as (
  select v.place, coalesce(v.is_default, false) as is_default,
    p.account_id is not null and a.account_id is not null as is_known,
    p.account_id is not null and a.account_id is not null and v.id not in (select vpc_id from attached) as is_alone
  from vpcs v
  left join answered p on p."table" = 'ec2_vpc_peering_connections' and p.account_id = v.owner_account
    and p.region = v.region
  left join answered a on a."table" = 'ec2_transit_gateway_vpc_attachments' and a.account_id = v.owner_account
    and a.region = v.region
),
judged as (
  select p.*, c.connected_by, v.is_default and o.is_default as are_default,
    case
      when c.place is not null then 'connected'
      when v.is_alone or o.is_alone then 'separate'
      when v.is_known and o.is_known and (select count(*) from unknown) = 0 then 'separate'
      else 'unknown'
    end as verdict
  from pairs p
  join known v on v.place = p.place
  join known o on o.place = p.other_place
  left join connected c on c.place = p.place and c.other_place = p.other_place
),
ranked as (
  select *,
    row_number() over (partition by "range", other_range, verdict order by place, other_place) as rank_in_verdict
  from judged
  where not (are_default and verdict = 'separate')
),
-- Of ranges that many VPCs have, the first connected pairs are listed, and the others counted.
answers as (
  select verdict, "range", other_range, place, other_place, connected_by, cast(2 as bigint) as vpcs,
    cast(1 as bigint) as pairs
  from ranked
  where not is_crowded or verdict = 'connected' and rank_in_verdict <= 100
  union all
  select k.verdict, k."range", k.other_range, null, null, null, max(p.vpcs + p.other_vpcs), count(*)
  from ranked k
  join nested p on p."range" = k."range" and p.other_range = k.other_range
  where k.is_crowded and (k.verdict <> 'connected' or k.rank_in_verdict > 100)
  group by k.verdict, k."range", k.other_range
)
select cast(null as varchar) as account_id, cast(null as varchar) as region, a.verdict, a."range", a.other_range,
  v.owner_account as vpc_account_id, v.region as vpc_region, v.id as vpc_id,
  nullif(element_at(v.tags, 'Name'), '') as vpc_name, o.owner_account as other_account_id,
  o.region as other_region, o.id as other_vpc_id, nullif(element_at(o.tags, 'Name'), '') as other_vpc_name,
  coalesce(a.connected_by, '[]') as connected_by, a.vpcs, a.pairs
from answers a
left join vpcs v on v.place = a.place
left join vpcs o on o.place = a.other_place
order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16;
