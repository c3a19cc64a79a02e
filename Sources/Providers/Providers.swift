// placeholder until the first commit of Providers
