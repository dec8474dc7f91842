"""Kubernetes manifests as a careful candidate writes them; tests break one thing at a time."""

GOOD = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: credit
  labels: {app: credit}
spec:
  replicas: 2
  selector: {matchLabels: {app: credit}}
  strategy: {type: RollingUpdate}
  template:
    metadata:
      labels: {app: credit}
    spec:
      serviceAccountName: credit
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        seccompProfile: {type: RuntimeDefault}
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: kubernetes.io/hostname
        whenUnsatisfiable: ScheduleAnyway
        labelSelector: {matchLabels: {app: credit}}
      containers:
      - name: service
        image: registry.example.org/team/credit-service:1.4.2
        ports:
        - {name: http, containerPort: 8080}
        envFrom:
        - configMapRef: {name: credit}
        env:
        - name: API_TOKEN
          valueFrom: {secretKeyRef: {name: credit, key: token}}
        resources:
          requests: {cpu: 250m, memory: 256Mi}
          limits: {memory: 512Mi}
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities: {drop: [ALL]}
        startupProbe:
          httpGet: {path: /health, port: http}
          periodSeconds: 5
          failureThreshold: 30
        readinessProbe:
          httpGet: {path: /ready, port: http}
          periodSeconds: 5
        livenessProbe:
          httpGet: {path: /health, port: http}
          periodSeconds: 10
        volumeMounts:
        - {name: tmp, mountPath: /tmp}
      volumes:
      - name: tmp
        emptyDir: {}
---
apiVersion: v1
kind: Service
metadata:
  name: credit
  labels: {app: credit}
spec:
  selector: {app: credit}
  ports:
  - {name: http, port: 80, targetPort: http}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: credit}
data: {LOG_LEVEL: info}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: credit}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: credit}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: credit}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: credit}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: credit}
  minReplicas: 2
  maxReplicas: 6
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: credit}
spec:
  rules:
  - http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: credit, port: {name: http}}}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: credit}
spec:
  selector: {matchLabels: {app: credit}}
  endpoints:
  - {port: http, path: /metrics}
""".lstrip()

WORKFLOW = """
on: [push]
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
    - run: docker push registry.example.org/team/credit-service:${{ github.sha }}
""".lstrip()
