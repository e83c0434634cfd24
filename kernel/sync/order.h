// The lock order. A hart that holds a lock takes only locks that stand further down.
//
//   processes             the list of all processes
//   process->lock         a process's threads, state, watches
//   port->lock            a port's queues and waiting servers; never two
//   handle table locks    changes of a process's handle table; two: lower address first
//   space->lock           an address space's page tables; two: lower address first
//   interrupt lines       their table; then the HAL's locks of lines and I/O APICs
//   hart timers           deadline heaps
//   heap->lock            a process's kernel objects
//   frames' locks         buddy lists, frame caches
//   hart inbox            none: lock-free
//   log->lock             the log's ring and the serial port; nothing is taken below it
#pragma once
