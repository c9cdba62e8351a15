/** What the files for containers and other platforms say, held against the program. */
@NullMarked
package dev.penstock.deploy;

import org.jspecify.annotations.NullMarked;
