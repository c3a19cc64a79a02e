// placeholder until the first commit of FastCGI
