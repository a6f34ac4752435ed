# The Dandihub form of a hub's settings: a Terraform variables file, called after the deployment.
#
# Its secrets and the certificate stay in the environment:
#   export HUB_DEPLOYMENT_NAME=dandihub            # or --deployment dandihub; not needed if there is one file only
#   export TF_VAR_github_client_id=…               # of the GitHub OAuth app whose callback URL is
#   export TF_VAR_github_client_secret=…           #   https://hub.dandi.example/hub/oauth_callback
#   export TF_VAR_aws_certificate_arn=…            # an issued ACM certificate for the domain, in the hub's region
# Then, in this folder:
#   hubctl install

# Where the hub will be found. The name must be yours and the certificate must fit it.
jupyterhub_domain = "hub.dandi.example"

# What users' servers run. A fixed tag, so that all of them run the same until you change it here.
singleuser_image_repo = "quay.io/jupyter/scipy-notebook"
singleuser_image_tag  = "2026-11-03"

# GitHub names of those who administrate the hub.
admin_users = ["asmacdo", "dandibot", "satra", "yarikoptic"]

# Who else may log in: members of these GitHub organisations ("organisation:team" also works).
allowed_organizations = ["dandi"]

# The AWS region. Without this line, the certificate's region.
region = "us-east-2"

# The cluster's name in AWS. Without this line, the file's name.
name = "dandihub"
