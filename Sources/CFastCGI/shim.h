#ifndef WAYBILL_CFASTCGI_SHIM_H
#define WAYBILL_CFASTCGI_SHIM_H

#include <fcgiapp.h>

#endif
