// placeholder until the first commit of Web
