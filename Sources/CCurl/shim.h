#ifndef PORTALD_CCURL_H
#define PORTALD_CCURL_H

#include <curl/curl.h>

#endif
