// Helpers to read an argument list of SYSTEM_CALL_TABLE, "(arity, type, name, ...)":
// ARGUMENTS_APPLY(PREFIX_, list) expands to PREFIX_<arity>(type, name, ...), and
// ARGUMENTS_APPLY_TO(PREFIX_, x, list) to PREFIX_<arity>(x, type, name, ...).
#pragma once

#define ARGUMENTS_ARITY(arity, ...) arity
#define ARGUMENTS_REST(arity, ...) __VA_ARGS__
#define ARGUMENTS_JOIN(a, b) ARGUMENTS_JOIN_(a, b)
#define ARGUMENTS_JOIN_(a, b) a##b
#define ARGUMENTS_INVOKE(macro, ...) macro(__VA_ARGS__)
#define ARGUMENTS_INVOKE_(prefix, arity, ...)                                                      \
    ARGUMENTS_INVOKE(ARGUMENTS_JOIN(prefix, arity), __VA_ARGS__)
#define ARGUMENTS_APPLY(prefix, list)                                                              \
    ARGUMENTS_INVOKE_(prefix, ARGUMENTS_ARITY list, ARGUMENTS_REST list)
#define ARGUMENTS_APPLY_TO(prefix, x, list)                                                        \
    ARGUMENTS_INVOKE_(prefix, ARGUMENTS_ARITY list, x, ARGUMENTS_REST list)
