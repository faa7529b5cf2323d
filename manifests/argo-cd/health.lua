-- How healthy an AuthCluster is, for Argo CD: resource.customizations.health.authcluster.dev_AuthCluster in argocd-cm.
local function health(status, message)
  return { status = status, message = message or "" }
end

local conditions = {}
for _, condition in ipairs((obj.status or {}).conditions or {}) do
  conditions[condition.type] = condition
end
local ready, degraded = conditions.Ready, conditions.Degraded
local spec = obj.spec or {}

if spec.paused then
  return health("Suspended", "paused: nothing is changed but the status")
end
if ready == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "the operator has not looked at this version of the spec yet")
end
if degraded ~= nil and degraded.status == "True" then
  return health("Degraded", degraded.message)
end
if ready.status == "True" then
  return health("Healthy", ready.message)
end
if spec.hibernated and ready.reason == "Hibernated" then
  return health("Suspended", ready.message)
end
return health("Progressing", ready.message)
