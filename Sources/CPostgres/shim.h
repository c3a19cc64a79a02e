#ifndef WAYBILL_CPOSTGRES_SHIM_H
#define WAYBILL_CPOSTGRES_SHIM_H

#include <libpq-fe.h>

#endif
