
// Links to the AWS console, and to places in this page, by the form of an id.

const CONSOLE = [
  [/^i-[0-9a-f]+$/, "ec2", "InstanceDetails:instanceId="],
  [/^vol-[0-9a-f]+$/, "ec2", "VolumeDetails:volumeId="],
  [/^snap-[0-9a-f]+$/, "ec2", "SnapshotDetails:snapshotId="],
  [/^ami-[0-9a-f]+$/, "ec2", "ImageDetails:imageId="],
  [/^sg-[0-9a-f]+$/, "ec2", "SecurityGroup:groupId="],
  [/^eni-[0-9a-f]+$/, "ec2", "NetworkInterface:networkInterfaceId="],
  [/^eipalloc-[0-9a-f]+$/, "ec2", "ElasticIpDetails:AllocationId="],
  [/^vpc-[0-9a-f]+$/, "vpcconsole", "VpcDetails:VpcId="],
  [/^subnet-[0-9a-f]+$/, "vpcconsole", "SubnetDetails:subnetId="],
  [/^rtb-[0-9a-f]+$/, "vpcconsole", "RouteTableDetails:RouteTableId="],
  [/^igw-[0-9a-f]+$/, "vpcconsole", "InternetGateway:internetGatewayId="],
  [/^nat-[0-9a-f]+$/, "vpcconsole", "NatGatewayDetails:natGatewayId="],
  [/^pcx-[0-9a-f]+$/, "vpcconsole", "PeeringConnectionDetails:VpcPeeringConnectionId="],
  [/^vpce-[0-9a-f]+$/, "vpcconsole", "EndpointDetails:vpcEndpointId="],
  [/^tgw-[0-9a-f]+$/, "vpcconsole", "TransitGatewayDetails:transitGatewayId="],
  [/^tgw-attach-[0-9a-f]+$/, "vpcconsole", "TransitGatewayAttachmentDetails:transitGatewayAttachmentId="],
  [/^vpn-[0-9a-f]+$/, "vpcconsole", "VpnConnectionDetails:VpnConnectionId="],
];

/** The host of the console of a region. */
function consoleHost(region) {
  if (region.startsWith("cn-")) return `${region}.console.amazonaws.cn`;
  if (region.startsWith("us-gov-")) return `${region}.console.amazonaws-us-gov.com`;
  return `${region}.console.aws.amazon.com`;
}

/** The address of a resource in the AWS console, or null. */
function consoleUrl(id, region) {
  if (/^Z[0-9A-Z]{5,}$/.test(id) && (!region || region === "global")) {
    return `https://console.aws.amazon.com/route53/v2/hostedzones#ListRecordSets/${id}`;
  }
  if (!region || !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) return null;
  const found = CONSOLE.find(([form]) => form.test(id));
  return found ? `https://${consoleHost(region)}/${found[1]}/home?region=${region}#${found[2]}${id}` : null;
}

/** The place of a resource in this page, or null. */
function placeOf(id) {
  if (/^vpc-[0-9a-f]+$/.test(id)) return `#map/vpc/${id}`;
  if (/^(tgw|vgw)-[0-9a-f]+$/.test(id)) return `#map/gateway/${id}`;
  return null;
}

/** An id with its links. */
function identity(id, region, account) {
  const place = placeOf(id);
  const url = consoleUrl(id, region);
  const label = account ? `${visible(id)} in the AWS console, account ${account}` : `${visible(id)} in the AWS console`;
  return h("span", { class: "id" },
    place ? h("a", { href: place }, visible(id)) : clipped(id),
    url && h("a", { href: url, rel: "noreferrer", target: "_blank", class: "out", "aria-label": label, title: label }, "↗"));
}
