#!/usr/bin/env bash
# Deploys or updates the backend, in the account and region of the AWS credentials.
#
#   [NAME=rolecall] [ARCHITECTURE=arm64] [PACKAGE=target/lambda/bootstrap.zip] infra/deploy.sh [--dry-run]
#
#   PARAMETERS, ROLE_PARAMETERS, ARTIFACT_PARAMETERS, FLEET_PARAMETERS   "Key=Value Key=Value" for backend.yaml,
#                       backend-role.yaml, artifacts.yaml and fleet.yaml; later deployments keep the values
#   FLEET=1             also deploys fleet.yaml, for fleets that are too large for one invocation; kept
#   TERMINATION_PROTECTION=0   leaves new stacks without termination protection; otherwise every created stack gets it
#   BACKEND_ROLE_ARN    your own role for the function, instead of the one of backend-role.yaml; kept
#   DRY_RUN=1           like --dry-run: prints the steps and changes nothing
#   AWS_PROFILE, AWS_REGION and other settings of the AWS CLI
#
# It needs the AWS CLI, 1.29 or newer or version 2. Without a change it writes nothing. It deletes nothing, prompts for
# nothing and calls no customer.

set -euo pipefail
set -f # a `*` in a parameter is not a file name pattern
export AWS_PAGER=""

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
name=${NAME:-rolecall}
package=${PACKAGE:-$here/../target/lambda/bootstrap.zip}
scratch=$(mktemp -d)
step="" code="" machine=b7
trap 'ended $?' EXIT

begin() { step=$1 && printf '%s\n' "$1"; }
report() { printf '      %s\n' "$1"; }
dry() { [ -n "${DRY_RUN:-}" ]; }
die() { # PROBLEM [REMEDY...]
    printf 'deploy: %s\n' "$1" >&2
    shift && [ $# -eq 0 ] || printf '        %s\n' "$@" >&2
    exit 2
}
ended() {
    rm -rf "$scratch"
    [ "$1" -eq 0 ] || [ -z "$step" ] ||
        printf 'deploy: stopped at step %s. Completed steps stay. The same command continues.\n' "${step%% *}" >&2
}
sha256() { { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; } <"$1" | cut -d ' ' -f 1; }

# ---- Stacks ----

# describe STACK: writes its status, parameters and outputs to a file, one per line. The file is empty without a stack.
describe() {
    if ! aws cloudformation describe-stacks --stack-name "$1" --output text --query "Stacks[0].[
        [['status', StackStatus]],
        Parameters[].[join(' ', ['parameter', ParameterKey]), ParameterValue],
        Outputs[].[join(' ', ['output', OutputKey]), OutputValue]][]" >"$scratch/$1" 2>"$scratch/error"; then
        grep -q 'does not exist' "$scratch/error" || die "$(cat "$scratch/error")"
    fi
}
described() { awk -F '\t' -v key="$2" '$1 == key { print $2 }' "$scratch/$1"; }
output() {
    local value
    value=$(described "$1" "output $2")
    if [ -z "$value" ]; then
        dry || die "the stack $1 has no output $2"
        value="<$2>"
    fi
    printf '%s\n' "$value"
}

# split TEMPLATE TEXT: splits "A=1 B=x y" into the list `given`, A=1 and "B=x y". A word without `Key=` continues the
# value before it. A parameter that the template lacks is an error; the AWS CLI would ignore it silently.
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
            die "\"$word\" is not a parameter of $1: write Key=Value"
        fi
    done
}

# reasons STACK: prints why the deployment failed. Problems that CloudFormation finds before it starts, such as names in
# use, are returned by another call, describe-events, of the stack or of the change set. Older AWS CLIs lack that call.
reasons() {
    local option=--stack-name id=$1
    if grep -q 'Failed to create/update' "$scratch/log"; then
        aws cloudformation describe-stack-events --stack-name "$1" --no-paginate --output text --query \
            "StackEvents[?ends_with(ResourceStatus, '_FAILED')] | [:8].[LogicalResourceId, ResourceStatusReason]" |
            tee "$scratch/events"
    else
        option=--change-set-name
        id=$(aws cloudformation list-change-sets --stack-name "$1" --output text --query \
            'sort_by(Summaries, &CreationTime)[-1].ChangeSetId')
    fi
    ! grep -qs 'DescribeEvents' "$scratch/log" "$scratch/events" ||
        aws cloudformation describe-events "$option" "$id" --filters FailedEvents=true --output text --query \
            'OperationEvents[?ValidationStatusReason] | [:8].[LogicalResourceId, ValidationStatusReason]'
}

# stack NAME TEMPLATE PARAMETER...: creates or updates a stack. Without a difference the stack stays unchanged.
stack() {
    local stack=$1 template=$2 state result=updated
    shift 2
    state=$(described "$stack" status)
    case $state in
        "" | REVIEW_IN_PROGRESS) result=created ;;
        *_IN_PROGRESS) die "the stack $stack is changing ($state): deploy again when that has ended" ;;
        ROLLBACK_* | CREATE_FAILED | DELETE_FAILED)
            die "the stack $stack is in $state and can only be deleted. Delete it, then deploy again:" \
                "aws cloudformation delete-stack --stack-name $stack" ;;
        UPDATE_ROLLBACK_FAILED)
            die "the stack $stack is in $state. Its events name the cause. Remove the cause, then run:" \
                "aws cloudformation continue-update-rollback --stack-name $stack" ;;
    esac
    if dry; then
        report "would be $result, with $*"
        return
    fi
    # Templates that exceed the size limit of a request are uploaded to the code bucket, once it exists.
    if ! aws cloudformation deploy --stack-name "$stack" --template-file "$here/$template" \
        ${code:+--s3-bucket "$code" --s3-prefix templates} --capabilities CAPABILITY_NAMED_IAM \
        --no-fail-on-empty-changeset --parameter-overrides "$@" >"$scratch/log" 2>&1; then
        reasons "$stack" >"$scratch/reasons" 2>/dev/null || true
        cat "$scratch/log" "$scratch/reasons" >&2
        set -- "the stack $stack could not be deployed. The reasons are above, the first one last."
        ! grep -qiE 'already exists|ExistenceCheck' "$scratch/log" "$scratch/reasons" || set -- "$@" \
            "The existing resource belongs to another deployment, or is left over: buckets, log groups and" \
            "backend_role are retained when their stacks are deleted. Use other names:" \
            "make deploy NAME=... ROLE_PARAMETERS=RoleName=..." \
            "or the existing resource: the role with BACKEND_ROLE_ARN=..., a bucket or a log group by importing it into the stack."
        die "$@"
    fi
    if grep -q 'No changes to deploy' "$scratch/log"; then
        report "no changes"
    else
        describe "$stack"
        # A deleted stack stops the inventory. To delete a protected one, turn the protection off first (README.md).
        [ "$result" != created ] || [ "${TERMINATION_PROTECTION:-1}" = 0 ] ||
            aws cloudformation update-termination-protection --enable-termination-protection \
                --stack-name "$stack" >/dev/null
        report "$result"
    fi
}

# ---- Objects ----

# exists BUCKET KEY: whether the object exists. Any other answer of S3 ends the script.
exists() {
    case $1 in "<"*) return 1 ;; esac # a dry run's placeholder for a bucket that does not exist yet
    aws s3api head-object --bucket "$1" --key "$2" >/dev/null 2>"$scratch/error" && return
    grep -q '(404)' "$scratch/error" || die "s3://$1/$2: $(cat "$scratch/error")"
    return 1
}
put() { # FILE BUCKET KEY TYPE
    if dry; then
        report "would be written"
        return
    fi
    aws s3 cp "$1" "s3://$2/$3" --content-type "$4" --only-show-errors
    report "written"
}
# Keys that contain a hash of their content are written once.
put_new() { if exists "$2" "$3"; then report "exists already"; else put "$@"; fi; }

# ---- The settings ----

case ${1:-} in
    "") ;;
    --dry-run) DRY_RUN=1 ;;
    *) die "unknown argument $1: the only argument is --dry-run. Settings are environment variables:" \
        "head -15 ${BASH_SOURCE[0]}" ;;
esac
[[ $name =~ ^[a-z][a-z0-9-]{0,24}$ ]] ||
    die "NAME is \"$name\": it must be 1 to 25 lowercase letters, digits and hyphens, a letter first"
architecture=${ARCHITECTURE:-arm64}
[ "$architecture" != native ] || architecture=$(uname -m)
case $architecture in
    arm64 | aarch64) architecture=arm64 ;;
    x86_64) machine=3e ;;
    *) die "ARCHITECTURE is \"$architecture\": it must be arm64, x86_64 or native" ;;
esac
split artifacts.yaml "${ARTIFACT_PARAMETERS:-}"
split backend-role.yaml "${ROLE_PARAMETERS:-}"
split backend.yaml "${PARAMETERS:-}"
split fleet.yaml "${FLEET_PARAMETERS:-}"
case ${FLEET:-} in
    "" | 1) fleet=${FLEET:-} ;;
    *) die "FLEET is \"$FLEET\": it must be 1 or empty. To remove a deployed state machine, delete its stack." ;;
esac
command -v aws >/dev/null || die "the AWS CLI is not installed"
digest="<sha256>"
if [ -f "$package" ]; then
    digest=$(sha256 "$package")
    # Byte 18 of an ELF file is its architecture. Without unzip the check is skipped.
    if command -v unzip >/dev/null; then
        built=$({ unzip -p "$package" bootstrap | od -An -tx1 -j18 -N1 | tr -d ' \n'; } 2>/dev/null || true)
        [ -n "$built" ] || die "$package is no zip with the function (bootstrap)" "make package ARCHITECTURE=$architecture"
        [ "$built" = $machine ] ||
            die "$package was not built for $architecture" "make package ARCHITECTURE=$architecture"
    fi
elif ! dry; then
    die "$package does not exist" "make package ARCHITECTURE=$architecture"
fi

# ---- The deployment ----

begin "[1/8] account, region and caller"
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region || true)}}
[ -n "$region" ] || die "no region is set. Set the region of the function:" "AWS_REGION=eu-central-1 make deploy"
export AWS_REGION=$region AWS_DEFAULT_REGION=$region # AWS CLI 1 reads the latter only
caller=$(aws sts get-caller-identity --query '[Account, Arn]' --output text) ||
    die "AWS rejects these credentials, at least in $region." \
        "Set AWS_PROFILE, log in (aws sso login), or choose another region with AWS_REGION."
read -r account arn <<<"$caller"
partition=$(cut -d : -f 2 <<<"$arn")
report "account $account ($partition), region $region, as $arn${AWS_ENDPOINT_URL:+, at $AWS_ENDPOINT_URL}"
report "stacks $name-artifacts, $name-role and $name"
if dry; then report "dry run: nothing is changed"; fi
for existing in "$name-artifacts" "$name-role" "$name" "$name-fleet"; do describe "$existing"; done
fleet=${fleet:-$(described "$name-fleet" status)}

begin "[2/8] stack $name-artifacts: buckets for the code of the function and the customers' template"
split artifacts.yaml "Name=$name ${ARTIFACT_PARAMETERS:-}"
stack "$name-artifacts" artifacts.yaml "${given[@]}"
code=$(output "$name-artifacts" CodeBucket)
template_bucket=$(output "$name-artifacts" TemplateBucket)
template_base=$(output "$name-artifacts" TemplateBucketUrl)

begin "[3/8] stack $name-role: backend_role, which customers trust"
# BACKEND_ROLE_ARN of an earlier deployment is used again: customers do not trust another role.
role=$(described "$name" "parameter BackendRoleArn")
[ "$role" != "$(described "$name-role" "output BackendRoleArn")" ] || role=""
role=${BACKEND_ROLE_ARN:-$role}
if [ -n "$role" ]; then
    report "not needed: BACKEND_ROLE_ARN is $role"
else
    split backend-role.yaml "${ROLE_PARAMETERS:-}"
    for word in ${given[@]+"${given[@]}"}; do
        before=$(described "$name-role" "output BackendRoleArn") # empty if the stack was never created
        [ -z "$before" ] || before=$(described "$name-role" "parameter ${word%%=*}")
        case $word in
            RoleName=* | RolePath=*) [ -z "$before" ] || [ "${word#*=}" = "$before" ] ||
                die "the stack $name-role has ${word%%=*}=$before, and customers trust that role." \
                    "They all deny access to another one. For a second deployment, use another name:" \
                    "make deploy NAME=... ROLE_PARAMETERS=$word" ;;
        esac
    done
    # The role has the same values of these parameters as the backend: those in PARAMETERS, or the deployed ones.
    split backend.yaml "${PARAMETERS:-}"
    shared=""
    for key in ResultsBucketName RegistryBucketName KmsKeyArn EventBusName DisableOpenRoles Tracing; do
        value=$(described "$name" "parameter $key") now=""
        for word in ${given[@]+"${given[@]}"}; do
            [ "${word%%=*}" != "$key" ] || { value=${word#*=} now=$key; }
        done
        # A key that is no longer given stays in the role, which still has to read what was encrypted with it.
        [ -z "$value" ] && { [ -z "$now" ] || [ "$key" = KmsKeyArn ]; } || shared+=" $key=$value"
    done
    # Lambda attaches functions to subnets with the role's permission, which the role keeps: it is needed to leave too.
    subnets=$(described "$name" "parameter SubnetIds")
    for word in ${given[@]+"${given[@]}"}; do
        case $word in SubnetIds=*) subnets=${word#*=} ;; esac
    done
    [ -z "$subnets" ] || shared+=" VpcAccess=yes"
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
    begin "[6/8] stack $name-fleet: skipped (FLEET=1 deploys it)"
    [ "$(described "$name" "parameter ScheduleStarts")" != machine ] ||
        report "but the schedule starts its machine: deploy with FLEET=1, or with PARAMETERS=ScheduleStarts=function"
else
    begin "[6/8] stack $name-fleet: the state machine for fleets that are too large for one invocation"
    # The state machine has the same values of these parameters as the backend.
    split fleet.yaml "Name=$name FunctionArn=$(output "$name" StepsFunctionArn)
        ResultsBucketName=$(output "$name" ResultsBucket)
        ResultsPrefix=$(described "$name" "parameter ResultsPrefix") KmsKeyArn=$(described "$name" "parameter KmsKeyArn")
        ${FLEET_PARAMETERS:-}"
    stack "$name-fleet" fleet.yaml "${given[@]}"
fi

template_sha256=$(sha256 "$here/customer-role.yaml")
template_key=customer-role/$template_sha256.yaml
template_url=${template_base%/}/$template_key
# An emulator has one endpoint for all buckets.
[ -z "${AWS_ENDPOINT_URL:-}" ] || template_url=${AWS_ENDPOINT_URL%/}/$template_bucket/$template_key
begin "[7/8] the customers' template $template_url"
put_new "$here/customer-role.yaml" "$template_bucket" "$template_key" text/yaml

# The Terraform module of the same role, which lies beside the template.
module_sha256=$(sha256 "$here/terraform/customer-role.zip")
put_new "$here/terraform/customer-role.zip" "$template_bucket" "customer-role/$module_sha256.zip" application/zip

begin "[8/8] s3://$registry_bucket/published.json, where the command line finds the role and the template"
printf '{"version": 1, "backend_role_arn": "%s", "template_url": "%s", "template_sha256": "%s", "module_sha256": "%s"}\n' \
    "$role" "$template_url" "$template_sha256" "$module_sha256" >"$scratch/published.json"
if exists "$registry_bucket" published.json; then
    aws s3 cp "s3://$registry_bucket/published.json" "$scratch/before.json" --only-show-errors
fi
if cmp -s "$scratch/published.json" "$scratch/before.json"; then
    report "no changes"
else
    put "$scratch/published.json" "$registry_bucket" published.json application/json
fi
if dry; then exit; fi

# ---- The next steps ----

# AWS CLI 2 expects a base64 payload without this option.
raw=$(aws --version 2>&1 | grep -q '^aws-cli/1' || printf ' --cli-binary-format raw-in-base64-out')
deploy="AWS_REGION=$region make deploy"
[ "$name" = rolecall ] || deploy+=" NAME=$name"
[ "${ARCHITECTURE:-arm64}" = arm64 ] || deploy+=" ARCHITECTURE=$ARCHITECTURE"
printf '\nThe deployment is complete. The outputs of %s:\n' "$name"
awk -F '\t' 'sub("^output ", "", $1) { printf "    %-20s %s\n", $1, $2 }' "$scratch/$name"
cat <<NEXT

Next steps:
  1. Onboard each customer. The command prints a link for the customer's administrator:
       rolecall onboard 111122223333 --name acme --registry $registry
     Allow the customers' accounts to open it (give the complete list, or TemplatePublic=true for all accounts):
       $deploy ARTIFACT_PARAMETERS=TemplateReaders=111122223333,444455556666
  2. When the customer has created the stack, check and enable the account:
       rolecall check --registry $registry \\
           --backend-role $role --accounts 111122223333 --enable
     Allow operators to assume backend_role for that:
       $deploy ROLE_PARAMETERS=OperatorArns=ARN,ARN
  3. Run the first inventory:
       aws lambda invoke --region $region --function-name $function --payload '{"accounts":"all"}'$raw \\
           --cli-read-timeout 0 answer.json
  4. Enable the nightly schedule:
       $deploy PARAMETERS=ScheduleState=ENABLED
     For more accounts than one invocation can process: $deploy FLEET=1 PARAMETERS=ScheduleStarts=machine
NEXT
