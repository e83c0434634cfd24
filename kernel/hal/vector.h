#pragma once
#include "hal/x86_64/vector.h"
