with seen_groups as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_ec2_security_groups
),
groups as (
  select * from seen_groups
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
seen_interfaces as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_ec2_network_interfaces
),
interfaces as (
  select * from seen_interfaces
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
seen_vpcs as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_ec2_vpcs
),
vpcs as (
  select * from seen_vpcs
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
seen_subnets as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_ec2_subnets
),
subnets as (
  select * from seen_subnets
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
seen_peerings as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_ec2_vpc_peering_connections
),
peerings as (
  select * from seen_peerings
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
seen_gateways as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_ec2_transit_gateways
),
gateways as (
  select * from seen_gateways
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
seen_attachments as (
  select *, if(regexp_full_match(owner_id, '[0-9]{12}'), owner_id, account_id) as owner_account
  from current_ec2_transit_gateway_vpc_attachments
),
attachments as (
  select * from seen_attachments
  qualify row_number() over (
    partition by coalesce(arn, owner_account || region || id)
    order by case when account_id = owner_account then 0 else 1 end, account_id) = 1
),
rules as (
  select id, unnest(ip_permissions::json[]) as rule from groups
  union all
  select id, unnest(ip_permissions_egress::json[]) from groups
),
pairs as (
  select id, unnest((rule->'UserIdGroupPairs')::json[])->>'GroupId' as named from rules
),
used as (
  select unnest(groups::json[])->>'GroupId' as id from interfaces
  union
  select named from pairs where named <> id
),
estate as (
  select distinct account_id from current_ledger
),
answered as (
  select l."table", l.account_id, l.region
  from current_ledger l
  left join current_ledger s on s.account_id = l.account_id and s."table" = l."table" and s.region = '*'
    and s.run_id <> l.run_id
  where l.status in ('ok', 'empty', 'unsupported') and s.region is null
),
-- The accounts that are in a VPC, and those that see a group.
insiders as (
  select id as vpc_id, owner_account as account_id from vpcs
  union
  select id, account_id from seen_vpcs
  union
  select vpc_id, owner_account from subnets
  union
  select vpc_id, account_id from seen_subnets
  union
  select vpc_id, owner_account from interfaces
  union
  select vpc_id, owner_account from groups
),
users as (
  select id, region, owner_account as account_id from groups
  union
  select id, region, account_id from seen_groups
  union
  select g.id, g.region, i.account_id from groups g join insiders i on i.vpc_id = g.vpc_id
),
unread as (
  select distinct u.id
  from users u
  left join answered g on g."table" = 'ec2_security_groups' and g.account_id = u.account_id and g.region = u.region
  left join answered i on i."table" = 'ec2_network_interfaces' and i.account_id = u.account_id and i.region = u.region
  where g.account_id is null or i.account_id is null
),
sided as (
  select requester_vpc_info->>'Region' as from_region, requester_vpc_info->>'VpcId' as from_vpc,
    requester_vpc_info->>'OwnerId' as from_owner, accepter_vpc_info->>'Region' as to_region,
    accepter_vpc_info->>'VpcId' as to_vpc, accepter_vpc_info->>'OwnerId' as to_owner
  from peerings
  where replace(lower(coalesce(status->>'Code', '')), '-', '') not in (
    'deleted', 'rejected', 'expired', 'failed', 'pendingacceptance', 'initiatingrequest', 'initiating')
),
peers as (
  select from_vpc as vpc_id, to_owner as account_id from sided where from_region is not distinct from to_region
  union
  select to_vpc, from_owner from sided where from_region is not distinct from to_region
),
-- The VPCs on transit gateways that may let groups be referred to.
attached as (
  select a.vpc_id, a.transit_gateway_id, a.owner_account
  from attachments a
  left join gateways g on g.id = a.transit_gateway_id
  where a.vpc_id is not null
    and replace(lower(coalesce(a.state, '')), '-', '') not in (
      'deleted', 'rejected', 'expired', 'failed', 'pendingacceptance', 'initiatingrequest', 'initiating')
    and coalesce(a.options->>'SecurityGroupReferencingSupport', '') <> 'disable'
    and coalesce(g.options->>'SecurityGroupReferencingSupport', '') <> 'disable'
),
-- VPCs that are connected with an account outside of the estate, or may be.
with_strangers as (
  select vpc_id from peers where account_id not in (select account_id from estate)
  union
  select vpc_id
  from attached
  where transit_gateway_id is null
    or transit_gateway_id not in (
      select id from gateways where owner_account in (select account_id from estate))
    or transit_gateway_id in (
      select transit_gateway_id from attached
      where transit_gateway_id is not null and owner_account not in (select account_id from estate))
),
asked as (
  select account_id, region, status from current_ledger where "table" = 'ec2_security_groups'
),
-- Where groups are not known: not answered, or never asked.
unknown as (
  select account_id, region from asked where status not in ('ok', 'empty', 'unsupported')
  union
  select account_id, '*' from estate where account_id not in (select account_id from asked)
  union
  select l.account_id, l.region
  from current_ledger l
  left join asked a on a.account_id = l.account_id and (a.region = l.region or a.region = '*')
  where l.region not in ('*', 'global') and a.account_id is null
    and l.account_id in (select account_id from asked)
),
hidden as (
  select distinct g.id
  from groups g
  join unknown u on u.region = g.region or u.region = '*'
  left join answered a on a."table" = 'ec2_security_groups' and a.account_id = u.account_id and a.region = g.region
  left join peers p on p.vpc_id = g.vpc_id and p.account_id = u.account_id
  where (u.region = g.region or a.account_id is null)
    and (p.account_id is not null or g.vpc_id in (select vpc_id from attached))
)
select g.owner_account as account_id, g.region, g.id, g.arn, nullif(g.tags['Name'], '') as name, g.group_name,
  g.description, g.vpc_id,
  case
    when u.id is not null or h.id is not null or g.vpc_id in (select vpc_id from with_strangers) then 'unknown'
    when g.vpc_id is not null and (v.id is null or p.account_id is null or a.account_id is null) then 'unknown'
    else 'unused'
  end as verdict
from groups g
left join vpcs v on v.id = g.vpc_id
left join answered p on p."table" = 'ec2_vpc_peering_connections' and p.account_id = v.owner_account
  and p.region = g.region
left join answered a on a."table" = 'ec2_transit_gateway_vpc_attachments' and a.account_id = v.owner_account
  and a.region = g.region
left join unread u on u.id = g.id
left join hidden h on h.id = g.id
where (g.group_name is null or g.group_name <> 'default')
  and g.id not in (select id from used where id is not null)
order by all;
