/* Everything an application needs. */
#ifndef PARLEY_PARLEY_H
#define PARLEY_PARLEY_H

#include "parley/app.h"
#include "parley/error.h"
#include "parley/http.h"
#include "parley/socketio.h"
#include "parley/value.h"

#endif
