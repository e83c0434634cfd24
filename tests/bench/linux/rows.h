// The groups of rows that init.c measures, each in a process of its own.
#pragma once

void messages_measure(void);
void memory_measure(void);
void bulk_measure(void);
void files_measure(void);
void interrupts_measure(void);
