with seen_vpcs as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_ec2_vpcs
  where is_default
),
vpcs as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_vpcs
  )
  where place = 1
),
seen_interfaces as (
  select *, if(regexp_like(owner_id, '^[0-9]{12}$'), owner_id, account_id) as owner_account
  from current_ec2_network_interfaces
),
interfaces as (
  select * from (
    select *, row_number() over (
      partition by coalesce(arn, owner_account || region || id)
      order by case when account_id = owner_account then 0 else 1 end, account_id) as place
    from seen_interfaces
  )
  where place = 1
),
used as (
  select vpc_id, count(*) as interfaces, count(distinct json_extract_scalar(attachment, '$.InstanceId')) as instances
  from interfaces
  group by vpc_id
),
answered as (
  select l.account_id, l.region
  from current_ledger l
  left join current_ledger s on s.account_id = l.account_id and s."table" = l."table" and s.region = '*'
    and s.run_id <> l.run_id
  where l."table" = 'ec2_network_interfaces' and l.status in ('ok', 'empty', 'unsupported') and s.region is null
)
select v.owner_account as account_id, v.region, v.id, v.arn, nullif(element_at(v.tags, 'Name'), '') as name,
  v.cidr_block, u.interfaces, u.instances, case when u.vpc_id is null then 'unknown' else 'in_use' end as verdict
from vpcs v
left join used u on u.vpc_id = v.id
left join answered a on a.account_id = v.owner_account and a.region = v.region
where u.vpc_id is not null or a.account_id is null
order by 1, 2, 3, 4, 5, 6, 7, 8, 9;
