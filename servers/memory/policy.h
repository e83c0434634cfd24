// Who may have how much: promises, rights, news.
#pragma once

#include "holder.h"

#include <baton/server.h>
#include <protocols/memory.h>

// Of what is not handed out, what a process may have: not what others are promised, nor what this
// server needs to move pages. And whether it may have so much; what is left may be less.
uint64_t limit_left_for(uint32_t process);
bool limit_allows(uint32_t process, uint64_t frames);

// A process was given so much of it: takes it from its promise first.
void promise_use(uint32_t process, uint64_t frames);

// A process was opened or funded with so many frames, and has a right to its part of them. OK, or
// there is no room for it: ERR_NO_MEMORY, ERR_NO_FRAME.
status_t holder_opened(uint32_t process, const char *name, uint64_t frames);
void holder_funded(uint32_t process, uint64_t frames);

// A process has ended. True if it was one that this server had opened.
bool holder_ended(uint32_t process);

// Signals news to those who want them; looks whether little is left now.
void news_tell(enum memory_news news);
void news_look(void);

// Requests.
status_t policy_reserve(struct request *request, uint64_t frames);
status_t policy_release(struct request *request, uint64_t frames);
status_t policy_set(struct request *request, uint32_t process, bool resident, uint64_t frames,
                    handle_t system);
status_t policy_tell(struct request *request, uint32_t process,
                     struct memory_policy_results *results);
status_t policy_watch(struct request *request, uint32_t news, uint64_t frames,
                      handle_t notification);
status_t policy_unwatch(struct request *request);
