deployment    = "dandihub"
deployment_id = "0123456789abcdef"
account_id    = "123456789012"
region        = "us-east-2"
tags          = { project = "archive" }
