// placeholder until the first commit of Store
