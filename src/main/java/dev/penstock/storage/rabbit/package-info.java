/** The queue in RabbitMQ. */
@NullMarked
package dev.penstock.storage.rabbit;

import org.jspecify.annotations.NullMarked;
