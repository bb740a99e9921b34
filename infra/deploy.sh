#!/usr/bin/env bash
# Deploys the backend into the account and region of the credentials at hand, the first time and every later time.
#
#   [NAME=rolecall] [ARCHITECTURE=arm64] [PACKAGE=target/lambda/bootstrap.zip] infra/deploy.sh [--dry-run]
#
#   PARAMETERS, ROLE_PARAMETERS, ARTIFACT_PARAMETERS, FLEET_PARAMETERS   "Key=Value Key=Value" for backend.yaml,
#                       backend-role.yaml, artifacts.yaml and fleet.yaml; what was given once holds until another
#                       value is given
#   FLEET=1             deploys fleet.yaml too, for fleets that one invocation cannot carry; holds likewise
#   BACKEND_ROLE_ARN    a role of your own to run under, instead of the one of backend-role.yaml; holds likewise
#   DRY_RUN=1           as --dry-run: says what would be done, and changes nothing
#   AWS_PROFILE, AWS_REGION and the like: as the aws command line (1.29 or newer, or 2) knows them, the one tool needed
#
# Where nothing has changed, nothing is written. It deletes nothing, asks nothing and calls no customer.

set -euo pipefail
set -f # a `*` in a parameter is no file name
export AWS_PAGER=""

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
name=${NAME:-rolecall}
package=${PACKAGE:-$here/../target/lambda/bootstrap.zip}
scratch=$(mktemp -d)
step="" code="" machine=b7
trap 'ended $?' EXIT

begin() { step=$1 && printf '%s\n' "$1"; }
tell() { printf '      %s\n' "$1"; }
dry() { [ -n "${DRY_RUN:-}" ]; }
die() { # the problem, then what to do about it
    printf 'deploy: %s\n' "$1" >&2
    shift && [ $# -eq 0 ] || printf '        %s\n' "$@" >&2
    exit 2
}
ended() {
    rm -rf "$scratch"
    [ "$1" -eq 0 ] || [ -z "$step" ] ||
        printf 'deploy: stopped at %s. What was done stays; the same command goes on from there.\n' "${step%% *}" >&2
}
sha256() { { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; } <"$1" | cut -d ' ' -f 1; }

# ---- Stacks ----

# look STACK: notes what there is of it, a line each of its status, parameters and outputs; none where it is not there.
look() {
    if ! aws cloudformation describe-stacks --stack-name "$1" --output text --query "Stacks[0].[
        [['status', StackStatus]],
        Parameters[].[join(' ', ['parameter', ParameterKey]), ParameterValue],
        Outputs[].[join(' ', ['output', OutputKey]), OutputValue]][]" >"$scratch/$1" 2>"$scratch/error"; then
        grep -q 'does not exist' "$scratch/error" || die "$(cat "$scratch/error")"
    fi
}
noted() { awk -F '\t' -v key="$2" '$1 == key { print $2 }' "$scratch/$1"; }
output() {
    local value
    value=$(noted "$1" "output $2")
    if [ -z "$value" ]; then
        dry || die "the stack $1 has no output $2"
        value="<$2>"
    fi
    printf '%s\n' "$value"
}

# split TEMPLATE TEXT: "A=1 B=x y" becomes the list `given`, A=1 and "B=x y": a word that begins no parameter belongs to
# the value before it. What a template does not have is refused; the aws command line would pass over it in silence.
split() {
    local word known
    known=$(awk '/^[A-Za-z]/ { inside = /^Parameters:/ }
        inside && /^  [A-Za-z0-9]+:/ { sub(":", "", $1); print $1 }' "$here/$1")
    given=()
    for word in $2; do
        if [[ $word =~ ^([A-Za-z][A-Za-z0-9]*)= ]]; then
            grep -qx "${BASH_REMATCH[1]}" <<<"$known" ||
                die "$1 has no parameter ${BASH_REMATCH[1]}. It has" "${known//$'\n'/, }"
            given+=("$word")
        elif [ ${#given[@]} -gt 0 ]; then
            given[${#given[@]} - 1]+=" $word"
        else
            die "\"$word\" is no parameter of $1: write Key=Value"
        fi
    done
}

# reasons STACK: why the deployment failed, as far as AWS tells. What CloudFormation finds before it begins (names that
# are taken, for one) it tells in a call of its own, of the stack or of the change set, which older command lines lack.
reasons() {
    local of=--stack-name id=$1
    if grep -q 'Failed to create/update' "$scratch/log"; then
        aws cloudformation describe-stack-events --stack-name "$1" --no-paginate --output text --query \
            "StackEvents[?ends_with(ResourceStatus, '_FAILED')] | [:8].[LogicalResourceId, ResourceStatusReason]" |
            tee "$scratch/events"
    else
        of=--change-set-name
        id=$(aws cloudformation list-change-sets --stack-name "$1" --output text --query \
            'sort_by(Summaries, &CreationTime)[-1].ChangeSetId')
    fi
    ! grep -qs 'DescribeEvents' "$scratch/log" "$scratch/events" ||
        aws cloudformation describe-events "$of" "$id" --filters FailedEvents=true --output text --query \
            'OperationEvents[?ValidationStatusReason] | [:8].[LogicalResourceId, ValidationStatusReason]'
}

# stack NAME TEMPLATE PARAMETER...: creates it, updates it, or leaves it as it is where nothing differs.
stack() {
    local stack=$1 template=$2 state done=updated
    shift 2
    state=$(noted "$stack" status)
    case $state in
        "" | REVIEW_IN_PROGRESS) done=created ;;
        *_IN_PROGRESS) die "the stack $stack is being changed ($state): deploy again when that has ended" ;;
        ROLLBACK_* | CREATE_FAILED | DELETE_FAILED)
            die "the stack $stack is in $state and can only be deleted. Then deploy again:" \
                "aws cloudformation delete-stack --stack-name $stack" ;;
        UPDATE_ROLLBACK_FAILED)
            die "the stack $stack is in $state. When the cause, which its events name, is mended:" \
                "aws cloudformation continue-update-rollback --stack-name $stack" ;;
    esac
    if dry; then
        tell "would be $done, with $*"
        return
    fi
    # A template that is too large for a request goes by way of the code bucket, once there is one.
    if ! aws cloudformation deploy --stack-name "$stack" --template-file "$here/$template" \
        ${code:+--s3-bucket "$code" --s3-prefix templates} --capabilities CAPABILITY_NAMED_IAM \
        --no-fail-on-empty-changeset --parameter-overrides "$@" >"$scratch/log" 2>&1; then
        reasons "$stack" >"$scratch/reasons" 2>/dev/null || true
        cat "$scratch/log" "$scratch/reasons" >&2
        set -- "the stack $stack could not be deployed; the reasons stand above, the first of them last"
        ! grep -qiE 'already exists|ExistenceCheck' "$scratch/log" "$scratch/reasons" || set -- "$@" \
            "What exists already is another deployment's, or was left by one: buckets and backend_role outlive" \
            "their stacks. Give this one its own names (make deploy NAME=... ROLE_PARAMETERS=RoleName=...), or take on" \
            "what is there: the role by BACKEND_ROLE_ARN=..., a bucket by importing it into the stack."
        die "$@"
    fi
    if grep -q 'No changes to deploy' "$scratch/log"; then
        tell "no changes"
    else
        look "$stack"
        tell "$done"
    fi
}

# ---- Objects ----

# exists BUCKET KEY: ends all where that cannot be known.
exists() {
    case $1 in "<"*) return 1 ;; esac # in a dry run, a bucket that is still to be made
    aws s3api head-object --bucket "$1" --key "$2" >/dev/null 2>"$scratch/error" && return
    grep -q '(404)' "$scratch/error" || die "s3://$1/$2: $(cat "$scratch/error")"
    return 1
}
put() { # FILE BUCKET KEY TYPE
    if dry; then
        tell "would be written"
        return
    fi
    aws s3 cp "$1" "s3://$2/$3" --content-type "$4" --only-show-errors
    tell "written"
}
# A key that names its content is written once.
put_new() { if exists "$2" "$3"; then tell "is there already"; else put "$@"; fi; }

# ---- What is asked for ----

case ${1:-} in
    "") ;;
    --dry-run) DRY_RUN=1 ;;
    *) die "$1: --dry-run is the only argument; the rest are environment variables:" "head -14 ${BASH_SOURCE[0]}" ;;
esac
[[ $name =~ ^[a-z][a-z0-9-]{0,24}$ ]] ||
    die "NAME is \"$name\": 1 to 25 lowercase letters, digits and hyphens, a letter first"
architecture=${ARCHITECTURE:-arm64}
[ "$architecture" != native ] || architecture=$(uname -m)
case $architecture in
    arm64 | aarch64) architecture=arm64 ;;
    x86_64) machine=3e ;;
    *) die "ARCHITECTURE is \"$architecture\": arm64, x86_64 or native" ;;
esac
split artifacts.yaml "${ARTIFACT_PARAMETERS:-}"
split backend-role.yaml "${ROLE_PARAMETERS:-}"
split backend.yaml "${PARAMETERS:-}"
split fleet.yaml "${FLEET_PARAMETERS:-}"
case ${FLEET:-} in
    "" | 1) fleet=${FLEET:-} ;;
    *) die "FLEET is \"$FLEET\": 1, or nothing. What is deployed is removed by deleting its stack." ;;
esac
command -v aws >/dev/null || die "the aws command line is not installed"
digest="<sha256>"
if [ -f "$package" ]; then
    digest=$(sha256 "$package")
    # Byte 18 of an executable tells what it was built for; without unzip nobody looks.
    built=$({ unzip -p "$package" bootstrap | od -An -tx1 -j18 -N1 | tr -d ' \n'; } 2>/dev/null || true)
    [ "${built:-$machine}" = $machine ] ||
        die "$package was not built for $architecture" "make package ARCHITECTURE=$architecture"
elif ! dry; then
    die "$package is not there" "make package ARCHITECTURE=$architecture"
fi

# ---- The deployment ----

begin "[1/8] who deploys, and where"
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region || true)}}
[ -n "$region" ] || die "no region is set, and the function must run in one:" "AWS_REGION=eu-central-1 make deploy"
export AWS_REGION=$region AWS_DEFAULT_REGION=$region # version 1 of the command line reads the latter alone
caller=$(aws sts get-caller-identity --query '[Account, Arn]' --output text) ||
    die "AWS does not take these credentials, or not in $region. Set AWS_PROFILE, log in (aws sso login), or choose" \
        "another region by AWS_REGION."
read -r account arn <<<"$caller"
partition=$(cut -d : -f 2 <<<"$arn")
tell "account $account ($partition), region $region, as $arn${AWS_ENDPOINT_URL:+, at $AWS_ENDPOINT_URL}"
tell "stacks $name-artifacts, $name-role and $name"
if dry; then tell "a dry run: nothing is changed"; fi
for existing in "$name-artifacts" "$name-role" "$name" "$name-fleet"; do look "$existing"; done
fleet=${fleet:-$(noted "$name-fleet" status)}

begin "[2/8] stack $name-artifacts: buckets for the function's code and the customers' template"
split artifacts.yaml "Name=$name ${ARTIFACT_PARAMETERS:-}"
stack "$name-artifacts" artifacts.yaml "${given[@]}"
code=$(output "$name-artifacts" CodeBucket)
template_bucket=$(output "$name-artifacts" TemplateBucket)
template_base=$(output "$name-artifacts" TemplateBucketUrl)

begin "[3/8] stack $name-role: backend_role, which customers trust"
# A role that was brought along the last time is taken again: another one would lock every customer out.
role=$(noted "$name" "parameter BackendRoleArn")
[ "$role" != "$(noted "$name-role" "output BackendRoleArn")" ] || role=""
role=${BACKEND_ROLE_ARN:-$role}
if [ -n "$role" ]; then
    tell "not needed: $role was brought along"
else
    split backend-role.yaml "${ROLE_PARAMETERS:-}"
    for word in ${given[@]+"${given[@]}"}; do
        before=$(noted "$name-role" "output BackendRoleArn") # none of a stack that never came up
        [ -z "$before" ] || before=$(noted "$name-role" "parameter ${word%%=*}")
        case $word in
            RoleName=* | RolePath=*) [ -z "$before" ] || [ "${word#*=}" = "$before" ] ||
                die "the stack $name-role has ${word%%=*}=$before, and customers trust that role: another one would lock" \
                    "all of them out. A second deployment has a name of its own: make deploy NAME=... ROLE_PARAMETERS=$word" ;;
        esac
    done
    # What role and backend must both know is the backend's, this time's or the last time's.
    split backend.yaml "${PARAMETERS:-}"
    shared=""
    for key in ResultsBucketName RegistryBucketName KmsKeyArn EventBusName Tracing; do
        value=$(noted "$name" "parameter $key") now=""
        for word in ${given[@]+"${given[@]}"}; do
            [ "${word%%=*}" != "$key" ] || { value=${word#*=} now=$key; }
        done
        # What was encrypted with a key that is no longer given is still to be read.
        [ -z "$value" ] && { [ -z "$now" ] || [ "$key" = KmsKeyArn ]; } || shared+=" $key=$value"
    done
    split backend-role.yaml "Name=$name$shared ${ROLE_PARAMETERS:-}"
    stack "$name-role" backend-role.yaml "${given[@]}"
    role=$(output "$name-role" BackendRoleArn)
fi

key=bootstrap/${digest:0:16}.zip
begin "[4/8] code s3://$code/$key"
put_new "$package" "$code" "$key" application/zip

begin "[5/8] stack $name: function, results, registry, queues, schedule"
split backend.yaml "Name=$name BackendRoleArn=$role CodeBucket=$code CodeKey=$key Architecture=$architecture
    ${PARAMETERS:-}"
stack "$name" backend.yaml "${given[@]}"
registry_bucket=$(output "$name" RegistryBucket)
registry=$(output "$name" Registry)
function=$(output "$name" FunctionName)

if [ -z "$fleet" ]; then
    begin "[6/8] stack $name-fleet: not asked for (FLEET=1)"
    [ "$(noted "$name" "parameter ScheduleStarts")" != machine ] ||
        tell "but the schedule starts its machine: deploy with FLEET=1, or with PARAMETERS=ScheduleStarts=function"
else
    begin "[6/8] stack $name-fleet: the state machine for fleets that one invocation cannot carry"
    # What it must know of the backend is the backend's, this time's or the last time's.
    split fleet.yaml "Name=$name FunctionArn=$(output "$name" FunctionArn)
        ResultsBucketName=$(output "$name" ResultsBucket)
        ResultsPrefix=$(noted "$name" "parameter ResultsPrefix") KmsKeyArn=$(noted "$name" "parameter KmsKeyArn")
        ${FLEET_PARAMETERS:-}"
    stack "$name-fleet" fleet.yaml "${given[@]}"
fi

template_sha256=$(sha256 "$here/customer-role.yaml")
template_key=customer-role/$template_sha256.yaml
template_url=${template_base%/}/$template_key
# An emulator has one address for all buckets.
[ -z "${AWS_ENDPOINT_URL:-}" ] || template_url=${AWS_ENDPOINT_URL%/}/$template_bucket/$template_key
begin "[7/8] the customers' template $template_url"
put_new "$here/customer-role.yaml" "$template_bucket" "$template_key" text/yaml

begin "[8/8] s3://$registry_bucket/published.json, from which the command line knows role and template"
printf '{"version": 1, "backend_role_arn": "%s", "template_url": "%s", "template_sha256": "%s"}\n' \
    "$role" "$template_url" "$template_sha256" >"$scratch/published.json"
if exists "$registry_bucket" published.json; then
    aws s3 cp "s3://$registry_bucket/published.json" "$scratch/before.json" --only-show-errors
fi
if cmp -s "$scratch/published.json" "$scratch/before.json"; then
    tell "no changes"
else
    put "$scratch/published.json" "$registry_bucket" published.json application/json
fi
if dry; then exit; fi

# ---- What comes next ----

# Version 2 of the command line takes a payload for base64 unless it is told.
raw=$(aws --version 2>&1 | grep -q '^aws-cli/1' || printf ' --cli-binary-format raw-in-base64-out')
deploy="AWS_REGION=$region make deploy"
[ "$name" = rolecall ] || deploy+=" NAME=$name"
[ "${ARCHITECTURE:-arm64}" = arm64 ] || deploy+=" ARCHITECTURE=$ARCHITECTURE"
printf '\nIt is deployed. The outputs of %s:\n' "$name"
awk -F '\t' 'sub("^output ", "", $1) { printf "    %-20s %s\n", $1, $2 }' "$scratch/$name"
cat <<NEXT

What comes next:
  1. For each customer; it prints the link to send to their administrator:
       rolecall onboard 111122223333 --name acme --registry $registry
     Whose account may open it (the list as a whole; or TemplatePublic=true for everybody):
       $deploy ARTIFACT_PARAMETERS=TemplateReaders=111122223333,444455556666
  2. When they have opened it:
       rolecall check --registry $registry \\
           --backend-role $role --accounts 111122223333 --enable
     Who may use backend_role so:
       $deploy ROLE_PARAMETERS=OperatorArns=ARN,ARN
  3. The first inventory:
       aws lambda invoke --region $region --function-name $function --payload '{"accounts":"all"}'$raw \\
           --cli-read-timeout 0 answer.json
  4. And every night from now on:
       $deploy PARAMETERS=ScheduleState=ENABLED
     More accounts than one invocation carries: $deploy FLEET=1 PARAMETERS=ScheduleStarts=machine
NEXT
