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
  select id,
    unnest(coalesce(ip_permissions::json[], []) || coalesce(ip_permissions_egress::json[], [])) as rule
  from groups
),
used as (
  select unnest(groups::json[])->>'GroupId' as id from interfaces
  union
  select named
  from (select id, unnest((rule->'UserIdGroupPairs')::json[])->>'GroupId' as named from rules)
  where named <> id
),
-- What was answered of each account and region, and whether the account was ever asked for its groups.
answered as (
  select account_id, region, max(case when "table" = 'ec2_security_groups' then status end) as status,
    bool_or("table" = 'ec2_security_groups' and is_answered) as knows_groups,
    bool_or("table" = 'ec2_network_interfaces' and is_answered) as knows_interfaces,
    bool_or("table" = 'ec2_vpc_peering_connections' and is_answered) as knows_peerings,
    bool_or("table" = 'ec2_transit_gateway_vpc_attachments' and is_answered) as knows_attachments
  from (
    select account_id, region, "table", status,
      status in ('ok', 'empty', 'unsupported') and coalesce(any_run, run_id) = run_id as is_answered
    from (
      select *, max(case when region = '*' then run_id end) over (partition by account_id, "table") as any_run
      from current_ledger
    )
  )
  group by account_id, region
),
-- Where groups are not known: not answered, or never asked.
unknown as (
  select account_id, if(is_asked, region, '*') as region
  from (
    select *, bool_or(status is not null) over (partition by account_id) as is_asked,
      bool_or(status is not null and region = '*') over (partition by account_id) as has_any
    from answered
  )
  where status not in ('ok', 'empty', 'unsupported') or not is_asked
    or status is null and not has_any and region not in ('*', 'global')
),
-- The accounts that are in a VPC.
insiders as (
  select id as vpc_id, unnest([owner_account, account_id]) as account_id from seen_vpcs
  union
  select vpc_id, unnest([owner_account, account_id]) from seen_subnets
  union
  select vpc_id, owner_account from interfaces
  union
  select vpc_id, owner_account from groups
),
-- The accounts whose interfaces and rules may have a group because they see it, or are in its VPC.
users as (
  select id, region, unnest([owner_account, account_id]) as account_id from seen_groups
  union
  select g.id, g.region, i.account_id from groups g join insiders i on i.vpc_id = g.vpc_id
),
peered as (
  select requester_vpc_info, accepter_vpc_info
  from peerings
  where (requester_vpc_info->>'Region')
      is not distinct from (accepter_vpc_info->>'Region')
    and replace(lower(coalesce(status->>'Code', '')), '-', '') not in (
    'deleted', 'rejected', 'expired', 'failed', 'pendingacceptance', 'initiatingrequest', 'initiating')
),
peers as (
  select requester_vpc_info->>'VpcId' as vpc_id, accepter_vpc_info->>'OwnerId' as account_id
  from peered
  union all
  select accepter_vpc_info->>'VpcId', requester_vpc_info->>'OwnerId'
  from peered
),
-- The VPCs on transit gateways that may let groups be referred to, with the owner of the gateway if it was seen.
attached as (
  select a.vpc_id, a.transit_gateway_id, a.owner_account, g.owner_account as gateway_owner
  from attachments a
  left join gateways g on g.id = a.transit_gateway_id
  where a.vpc_id is not null
    and coalesce(a.options->>'SecurityGroupReferencingSupport', '') <> 'disable'
    and coalesce(g.options->>'SecurityGroupReferencingSupport', '') <> 'disable'
    and replace(lower(coalesce(a.state, '')), '-', '') not in (
    'deleted', 'rejected', 'expired', 'failed', 'pendingacceptance', 'initiatingrequest', 'initiating')
),
estate as (
  select distinct account_id from current_ledger
),
-- The accounts that are connected with a VPC, null for all, and whether one outside of the estate is or may be.
links as (
  select p.vpc_id, p.account_id, e.account_id is null as is_strange
  from peers p
  left join estate e on e.account_id = p.account_id
  where p.vpc_id is not null and p.account_id is not null
  union all
  select a.vpc_id, null,
    g.account_id is null
      or bool_or(o.account_id is null) over (partition by a.transit_gateway_id)
  from attached a
  left join estate o on o.account_id = a.owner_account
  left join estate g on g.account_id = a.gateway_owner
),
doubted as (
  select u.id
  from users u
  left join answered a on a.account_id = u.account_id and a.region = u.region
  where not coalesce(a.knows_groups and a.knows_interfaces, false)
  union
  select g.id
  from groups g
  join links l on l.vpc_id = g.vpc_id
  left join unknown u on l.account_id is null or l.account_id = u.account_id
  left join answered a on a.account_id = u.account_id and a.region = g.region
  where l.is_strange or u.region = g.region or u.region = '*' and not coalesce(a.knows_groups, false)
)
select g.owner_account as account_id, g.region, g.id, g.arn, nullif(g.tags['Name'], '') as name,
  g.group_name, g.description, g.vpc_id,
  case
    when d.id is not null then 'unknown'
    when g.vpc_id is not null and not coalesce(a.knows_peerings and a.knows_attachments, false) then 'unknown'
    else 'unused'
  end as verdict
from groups g
left join vpcs v on v.id = g.vpc_id
left join answered a on a.account_id = v.owner_account and a.region = g.region
left join doubted d on d.id = g.id
where (g.group_name is null or g.group_name <> 'default')
  and g.id not in (select id from used where id is not null)
order by all;
