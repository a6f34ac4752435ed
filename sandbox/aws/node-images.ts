import { optimizedAmis } from "./eks/versions.ts";

/** The images that moto starts with (MOTO_AMIS_PATH): those of EKS, with the ids of the public SSM parameters. */
export function imagesForMoto(): object[] {
  return optimizedAmis().map(({ imageId, name, architecture, minor, date }) => ({
    ami_id: imageId,
    name,
    architecture,
    description: `EKS-optimized Kubernetes node based on Amazon Linux 2023, (k8s: ${minor})`,
    creation_date: `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}T00:00:00.000Z`,
    state: "available",
    public: true,
    // Amazon EKS' own account.
    owner_id: "602401143452",
    image_location: `amazon/${name}`,
    image_type: "machine",
    sriov: "simple",
    root_device_type: "ebs",
    root_device_name: "/dev/xvda",
    virtualization_type: "hvm",
    hypervisor: "xen",
  }));
}
