/**
 * The household's domain in PDDL. It is text in a module, not a file beside it, so that what a run caches depends
 * on it as on any other source.
 * @module
 */

const HEAD = `
(:requirements :adl :typing)
(:types person spot room thing thing-kind furniture-kind - object
        furniture - spot)
(:predicates
  (near ?p - person ?s - spot)
  (in-room ?f - furniture ?r - room)
  (home-has ?r - room)
  (place-kind ?f - furniture ?k - furniture-kind)
  (thing-kind ?t - thing ?k - thing-kind)
  (fits ?t - thing-kind ?f - furniture-kind)
  (has-door ?f - furniture)
  (open ?f - furniture)
  (inside ?t - thing ?f - furniture)            ; in or on
  (carries ?p - person ?t - thing)
  (hands-full ?p - person)
  (portable ?t - thing)
  (lamp ?t - thing)
  (lit ?t - thing)
  (washes ?f - furniture) (warms ?f - furniture) (chills ?f - furniture)
  (washable ?t - thing) (warmable ?t - thing) (chillable ?t - thing)
  (clean ?t - thing) (hot ?t - thing) (cold ?t - thing)
  (noticed ?x))`;

const REACHABLE = "(near ?p ?f) (or (not (has-door ?f)) (open ?f))";

const ACTIONS = `
(:action go :parameters (?p - person ?from - spot ?to - furniture)
  :precondition (and (near ?p ?from) (not (= ?from ?to)))
  :effect (and (not (near ?p ?from)) (near ?p ?to)))
(:action open :parameters (?p - person ?f - furniture)
  :precondition (and (near ?p ?f) (has-door ?f) (not (open ?f)))
  :effect (open ?f))
(:action close :parameters (?p - person ?f - furniture)
  :precondition (and (near ?p ?f) (has-door ?f) (open ?f))
  :effect (not (open ?f)))
(:action take :parameters (?p - person ?t - thing ?f - furniture)
  :precondition (and (portable ?t) (inside ?t ?f) (not (hands-full ?p)) ${REACHABLE})
  :effect (and (not (inside ?t ?f)) (carries ?p ?t) (hands-full ?p)))
(:action put :parameters (?p - person ?t - thing ?f - furniture)
  :precondition (and (carries ?p ?t) ${REACHABLE}
    (exists (?tk - thing-kind ?fk - furniture-kind)
      (and (thing-kind ?t ?tk) (place-kind ?f ?fk) (fits ?tk ?fk))))
  :effect (and (inside ?t ?f) (not (carries ?p ?t)) (not (hands-full ?p))))
(:action light :parameters (?p - person ?t - thing ?f - furniture)
  :precondition (and (lamp ?t) (inside ?t ?f) (not (lit ?t)) ${REACHABLE})
  :effect (lit ?t))
(:action wash :parameters (?p - person ?t - thing ?f - furniture)
  :precondition (and (washes ?f) (washable ?t) (near ?p ?f) (carries ?p ?t))
  :effect (clean ?t))
(:action heat :parameters (?p - person ?t - thing ?f - furniture)
  :precondition (and (warms ?f) (warmable ?t) (near ?p ?f) (carries ?p ?t))
  :effect (and (hot ?t) (when (cold ?t) (not (cold ?t)))))
(:action chill :parameters (?p - person ?t - thing ?f - furniture)
  :precondition (and (chills ?f) (chillable ?t) (near ?p ?f) (carries ?p ?t))
  :effect (and (cold ?t) (when (hot ?t) (not (hot ?t)))))`;

const SENSES = `
(:action look :parameters (?p - person) :effect (noticed ?p))
(:action inventory :parameters (?p - person) :effect (noticed ?p))
(:action examine :parameters (?p - person ?t - thing)
  :precondition (carries ?p ?t)
  :effect (noticed ?t))`;

/** The domain. With `senses`, there are actions that only look: look, inventory, examine. */
export function householdDomain(senses: boolean): string {
  return `(define (domain household)${HEAD}${ACTIONS}${senses ? SENSES : ""})`;
}
