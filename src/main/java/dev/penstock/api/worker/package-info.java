/** The worker protocol, server side: leases, runs and results of workers over HTTP. */
@NullMarked
package dev.penstock.api.worker;

import org.jspecify.annotations.NullMarked;
