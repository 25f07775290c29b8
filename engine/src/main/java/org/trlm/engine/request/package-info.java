/**
 * What goes into the engine and what comes out of it: an immutable {@link
 * org.trlm.engine.request.Request} in, a {@link org.trlm.engine.request.RequestOutput} out. Every
 * engine package may import this one; it imports none of them.
 */
package org.trlm.engine.request;
